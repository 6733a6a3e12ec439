"""A rollout while it runs: a picture on a terminal, plain lines elsewhere, or JSON for whoever asked for it."""

import contextlib
from collections.abc import Callable, Iterator

from rich.live import Live

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.output import stderr
from rehouse.cli.signals import SIGNALS
from rehouse.cli.view.board import Board
from rehouse.cli.view.lines import Lines
from rehouse.cli.view.news import News, news_of
from rehouse.cli.view.picture import Picture
from rehouse.cli.view.plain import spoken

PER_SECOND = 8


@contextlib.contextmanager
def live_view(quiet: bool, as_lines: bool = False) -> Iterator[OnEvent]:
    """What to tell each event of the engine, and each of our own."""
    with _teller(quiet, as_lines) as tell:

        def on_event(event: dict[str, object]) -> None:
            for news in news_of(event):
                tell(news)

        yield on_event


@contextlib.contextmanager
def _teller(quiet: bool, as_lines: bool) -> Iterator[Callable[[News], None]]:
    if as_lines:
        yield Lines().tell
    elif quiet:
        yield lambda _news: None
    elif stderr.is_terminal and not stderr.is_dumb_terminal:
        with _drawn() as tell:
            yield tell
    else:
        with spoken() as tell:
            yield tell


@contextlib.contextmanager
def _drawn() -> Iterator[Callable[[News], None]]:
    """The last picture stays. What is printed meanwhile appears above it."""
    board = Board()
    picture = Picture(board, lambda: SIGNALS.first)
    with Live(picture, console=stderr, refresh_per_second=PER_SECOND):
        try:
            yield board.tell
        finally:
            picture.end()
