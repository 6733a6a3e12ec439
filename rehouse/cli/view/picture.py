"""The picture of a rollout: its steps in one line, a row for each instance, and what it waits for."""

import signal
from collections.abc import Callable, Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from rehouse.cli.view.board import MOVING, Board, Row
from rehouse.cli.view.news import STEPS

OTHER_LINES = 6  # of the picture, besides the rows; the prompt's among them

_STYLES = {"live": "green", "failed": "bold red", "retired": "dim", "waits": "dim"}
_MARKS = {
    "begins": ("●", "*", "bold"),
    "done": ("✓", "+", "green"),
    "failed": ("✗", "x", "bold red"),
}
_LATER = ("·", ".", "dim")


class Picture:
    """Drawn anew many times a second; no line is longer than the terminal is wide."""

    def __init__(self, board: Board, interrupted: Callable[[], int]) -> None:
        self._board, self._interrupted = board, interrupted
        self._over = False

    def end(self) -> None:
        """The last one: nothing is waited for any more."""
        self._over = True

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with self._board.lock:
            yield from self._drawn(options.ascii_only, max(3, console.height - OTHER_LINES))

    def _drawn(self, simple: bool, most: int) -> Iterator[Text | Table]:
        board = self._board
        yield _line(f"{board.title}  {board.clock() - board.began:.0f} s", "bold")
        yield self._steps(simple)
        if board.rows:
            yield self._table(most)
        if foot := self._foot():
            yield _line(foot, "")

    def _steps(self, simple: bool) -> Text:
        stages = self._board.stages
        parts = [self._part(step, simple) for step in STEPS if step != "bake" or step in stages]
        line = Text(" ").join(parts)
        line.no_wrap, line.overflow = True, "ellipsis"
        return line

    def _part(self, step: str, simple: bool) -> Text:
        stage = self._board.stages.get(step)
        mark, plain, style = _MARKS[stage.state] if stage else _LATER
        told = f"{plain if simple else mark} {step}"
        if stage:
            told += f" {_short((stage.ended or self._board.clock()) - stage.began)}"
        return Text(told, style=style)

    def _table(self, most: int) -> Table:
        """Where there is no room for all, those that do something come first."""
        rows = list(self._board.rows.items())
        hidden = 0
        if len(rows) > most:
            hidden = len(rows) - most + 1
            rows = sorted(rows, key=lambda each: each[1].state not in MOVING)[: most - 1]
        table = Table.grid(padding=(0, 2, 0, 0))
        for column in ("name", "place", "state", "seconds"):
            table.add_column(column, no_wrap=True, overflow="ellipsis")
        for name, row in rows:
            table.add_row(f"  {name}", row.place, _state(row), self._seconds(row))
        if hidden:
            table.add_row(f"  and {hidden} more")
        return table

    def _seconds(self, row: Row) -> str:
        seconds = (self._board.clock() if row.ended is None else row.ended) - row.began
        return f"{seconds:.1f} s" if seconds else ""

    def _foot(self) -> str:
        if self._over:
            return ""
        if number := self._interrupted():
            name = signal.Signals(number).name
            return f"{name}: ends in order, finished or undone; once more: stops at once"
        return self._board.foot


def _state(row: Row) -> Text:
    told = row.state
    if row.state == "live" and row.share is not None:
        told = f"live, its generation has {row.share} %"
    if row.state in ("proving", "failed") and row.answer:
        told = f"{told}: {row.answer}"
    return Text(told, style=_STYLES.get(row.state, ""))


def _line(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _short(seconds: float) -> str:
    """All the steps have to fit in 80 columns."""
    return f"{seconds:.1f}s" if seconds < 10 else f"{seconds:.0f}s"
