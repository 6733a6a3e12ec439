"""Many rollouts while they run: a row for each that is at work on a terminal, lines with its name elsewhere."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from rehouse.cli.fleet.ended import Ended
from rehouse.cli.fleet.side_by_side import Watch
from rehouse.cli.output import print_line, stderr
from rehouse.cli.view.news import News, Probe, news_in
from rehouse.cli.view.plain import is_news, line_of, signs_of_life

BEGINS = "the engine starts"
PER_SECOND = 4
OTHER_LINES = 3  # of the picture, besides the rows; the prompt's among them


@contextlib.contextmanager
def fleet_view(count: int, as_json: bool, as_lines: bool) -> Iterator[Watch]:
    """What to tell of each of so many."""
    if as_lines:
        yield Lines(count)
    elif as_json:
        yield Quiet(count)
    elif stderr.is_terminal and not stderr.is_dumb_terminal:
        drawn = Quiet(count, aloud=True)
        with Live(Picture(drawn), console=stderr, refresh_per_second=PER_SECOND, transient=True):
            yield drawn
    else:
        plain = Plain(count)
        with signs_of_life(lambda: str(plain)) as spoke:
            plain.spoke = spoke
            yield plain


class Quiet:
    """Knows what each is at; says, when it is *aloud*, how each has ended."""

    def __init__(self, count: int, aloud: bool = False) -> None:
        self._count, self._aloud = count, aloud
        self._over: list[Ended] = []
        self.at: dict[str, str] = {}  # stack to the last line of it, while it is at work
        self.began: dict[str, float] = {}

    def begins(self, stack: str) -> None:
        self.at[stack], self.began[stack] = BEGINS, time.monotonic()

    def event(self, stack: str, facts: dict[str, Any]) -> None:
        if news := news_in(facts):
            self.at[stack] = line_of(news) or self.at[stack]

    def said(self, stack: str, text: str) -> None:
        self.say(stack, text)

    def heard(self, number: int) -> None:
        if self._aloud:
            told = (
                f"{signal.Signals(number).name}: passed on to {len(self.at)}, no other one begins"
            )
            stderr.print(told, style="bold red")

    def ended(self, ended: Ended) -> None:
        self.at.pop(ended.stack, None)
        self._over.append(ended)
        if self._aloud:
            self._tell(ended)

    def _tell(self, ended: Ended) -> None:
        if ended.error is None:
            took = f" ({ended.seconds:.1f} s)" if ended.seconds else ""
            self.say(ended.stack, f"{ended}{took}", None if ended.done else "dim")
            return
        error = ended.error
        state = f"\nstate: {error['state']}" if error["state"] else ""
        text = f"{error['where']}: {error['what']}\nfix: {error['fix']}{state}"
        for number, line in enumerate(text.splitlines()):
            self.say(ended.stack, line, None if number else "bold red")

    def say(self, stack: str, text: str, style: str | None = None) -> None:
        stderr.print(f"{stack}: {text}", style=style, markup=False)

    def __str__(self) -> str:
        bad = sum(not each.well for each in self._over)
        return f"{len(self._over)} of {self._count} have ended" + (
            f", {bad} not well" if bad else ""
        )


class Plain(Quiet):
    """Says each step of each."""

    def __init__(self, count: int) -> None:
        super().__init__(count, aloud=True)
        self.spoke: Callable[[], None] = lambda: None
        self._last: dict[str, News] = {}

    def event(self, stack: str, facts: dict[str, Any]) -> None:
        super().event(stack, facts)
        news = news_in(facts)
        if news and is_news(news, self._last.get(stack)) and (line := line_of(news)):
            self.say(stack, line)
        if news and not isinstance(news, Probe):
            self._last[stack] = news

    def say(self, stack: str, text: str, style: str | None = None) -> None:
        super().say(stack, text, style)
        self.spoke()

    def __str__(self) -> str:
        return "; ".join([super().__str__(), *(f"{name}: {at}" for name, at in self.at.items())])


class Lines(Quiet):
    """Passes on what each tells, with its name."""

    def event(self, stack: str, facts: dict[str, Any]) -> None:
        print_line({**facts, "stack": stack})

    def ended(self, ended: Ended) -> None:
        super().ended(ended)
        print_line({"event": "ended", **ended.shape()})


class Picture:
    """Drawn anew some times a second; no line is longer than the terminal is wide."""

    def __init__(self, fleet: Quiet) -> None:
        self._fleet = fleet

    def __rich_console__(self, console: Console, _options: ConsoleOptions) -> RenderResult:
        rows = list(self._fleet.at.items())
        room = max(1, console.height - OTHER_LINES)
        for stack, at in rows[:room]:
            seconds = time.monotonic() - self._fleet.began[stack]
            yield _line(f"{stack}  {seconds:.0f} s  {at}")
        more = f", and {len(rows) - room} more at work" if len(rows) > room else ""
        yield _line(f"{self._fleet}{more}")


def _line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")
