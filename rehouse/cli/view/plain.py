"""The news of a rollout in lines, for a log: each as it comes, and a sign of life where nothing happens."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from math import ceil

from rehouse.cli.output import stderr
from rehouse.cli.view.news import Hook, News, Probe, Step, Update, Waiting

SIGN_OF_LIFE = 10  # seconds without a line after which a log of a CI job gets one

_ENDINGS = {"begins": "", "done": " done", "failed": " failed"}
BACK = ("undo", "abort")  # orders that declare what was live before


def line_of(news: News) -> str | None:
    """Like "raise  web-3f9c2a1-0 done"; None where the news that follow say it as well."""
    match news:
        case Step():
            return f"{news.step:<7}{news.name}{_ENDINGS[news.state]}"
        case Probe():
            return f"prove  {news.instance}: {_first_line(news)}"
        case Hook():
            return f"hook   {news.name}{_ENDINGS[news.state]}"
        case Waiting():
            return waiting(news)
        case Update() if news.order in BACK:
            return f"undo   back to {', '.join(live_after(news)) or 'nothing'}"
    return None


def waiting(news: Waiting) -> str:
    """Who has what, until when, and what was measured."""
    before, seconds = ", ".join(news.before), ceil(news.seconds)
    if news.bakes:
        left = f"is kept warm for {seconds} s" if seconds else "is to be retired now"
        told = f"{news.generation} has all of the traffic, {before} {left}"
    else:
        left = f"next step in {seconds} s" if seconds else "the next step begins"
        told = f"{news.generation} has {news.share} % of the traffic, {left}"
    if not news.answered:
        return told
    return (
        f"{told}; {news.answered} answers, {news.failed} failed, {news.latency * 1000:.0f} ms each"
    )


def live_after(news: Update) -> list[str]:
    """Who has traffic once the update is over."""
    return [name for name, share in news.standing.items() if share]


def is_news(news: News, last: News | None) -> bool:
    """Whether it differs from what was told last by more than the passing of time."""
    match news, last:
        case Waiting(), Waiting():
            return (news.generation, news.share, news.bakes) != (
                last.generation,
                last.share,
                last.bakes,
            )
        case Probe(), _:
            return False
    return True


@contextlib.contextmanager
def spoken() -> Iterator[Callable[[News], None]]:
    """Each line as it comes, and the last one again where nothing new happens."""
    line, last = "the engine starts", None

    def tell(news: News) -> None:
        nonlocal line, last
        line = line_of(news) or line
        if is_news(news, last) and line_of(news):
            stderr.print(line, markup=False)
            spoke()
        last = last if isinstance(news, Probe) else news

    with signs_of_life(lambda: line) as spoke:
        yield tell


@contextlib.contextmanager
def signs_of_life(still: Callable[[], str]) -> Iterator[Callable[[], None]]:
    """Says what it is *still* at, unless what is yielded was called in the meantime."""
    over, spoke = threading.Event(), threading.Event()

    def watch() -> None:
        while not over.is_set():
            if not spoke.wait(SIGN_OF_LIFE) and not over.is_set():
                stderr.print(f"still at: {still()}", markup=False)
            spoke.clear()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield spoke.set
    finally:
        over.set()
        spoke.set()
        thread.join()


def _first_line(news: Probe) -> str:
    answer = (news.answer.splitlines() or [""])[0]
    return f"{news.good} of {news.needed} good answers, last: {answer}"
