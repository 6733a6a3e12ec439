"""What the demo shows: 80 columns, colour only on a terminal that wants it."""

import os
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.status import Status
from rich.table import Table
from rich.text import Text

from lab.demo_events import Event, Step, steps_of
from lab.demo_stack import Run

WIDTH = 80
_INDENT, _BAR = 3, 28
_COLOURS = {"raise": "cyan", "prove": "yellow", "shift": "green", "retire": "magenta"}


class Screen:
    """Prints the chapters of the demo; between two of them it says what goes on, on a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or _console()
        self._status: Status | None = None

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        if not self._console.color_system:
            yield
            return
        with self._console.status(f"[dim]{what} …") as self._status:
            yield
        self._status = None

    def event(self, event: Event) -> None:
        if self._status:
            self._status.update(f"[dim]{event.step}: {event.resource} {event.kind}")

    def title(self, text: str, below: str) -> None:
        self._console.print(f"\n[bold]{text}[/]\n[dim]{below}[/]", highlight=False)

    def chapter(self, number: int, text: str, seconds: float) -> None:
        self._console.print()
        self._row(Text(f"{number}  {text}", "bold"), f"{seconds:.1f} s")

    def steps(self, run: Run, notes: dict[str, str]) -> None:
        """A bar for each step, all on one scale: the whole command."""
        steps = steps_of(run.events)
        began = steps[0].began if steps else run.seconds
        ended = max((step.ended for step in steps), default=run.seconds)
        ends = (Step("start", 0, began, False), Step("finish", ended, run.seconds, False))
        grid = Table.grid(padding=(0, 2, 0, 0))
        for step in (ends[0], *steps, ends[1]):
            grid.add_row(step.name, f"{step.seconds:.1f} s", *_drawn(step, run.seconds, notes))
        self._console.print(Padding(grid, (0, 0, 0, _INDENT)), highlight=False)

    def facts(self, **facts: str) -> None:
        """Words and what they stand for, in two columns."""
        self._grid((name, text) for name, text in facts.items())

    def columns(self, *rows: tuple[str, ...]) -> None:
        """The first row is the head; all but the first column stand at the right."""
        grid = Table.grid(padding=(0, 3, 0, 0))
        for position in range(len(rows[0])):
            grid.add_column(justify="right" if position else "left")
        for number, row in enumerate(rows):
            grid.add_row(*row, style="" if number else "dim")
        self._console.print(Padding(grid, (0, 0, 0, _INDENT)), highlight=False)

    def quote(self, text: str) -> None:
        """Somebody else's words, as they are."""
        for line in text.splitlines():
            for part in _wrapped(line):
                self._console.print(Text(f"{' ' * _INDENT}│ {part}".rstrip(), "dim"))

    def good(self, text: str) -> None:
        self._console.print(Text("   ✓ ", "bold green") + Text(text, "default"))

    def bad(self, text: str) -> None:
        self._console.print(Text(" ✗ ", "bold red") + Text(text, "default"))

    def say(self, text: str = "") -> None:
        self._console.print(text, highlight=False)

    def rule(self) -> None:
        self._console.print()
        self._console.print(Rule(style="dim"))

    def _row(self, left: Text, right: str) -> None:
        room = WIDTH - left.cell_len - 1
        self._console.print(left + Text(f"{right:>{room}}", "default"), highlight=False)

    def _grid(self, rows: Iterable[tuple[str, str]]) -> None:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="dim")
        for row in rows:
            grid.add_row(*row)
        self._console.print(Padding(grid, (0, 0, 0, _INDENT)), highlight=False)


def _drawn(step: Step, whole: float, notes: dict[str, str]) -> tuple[Text, Text]:
    left = min(_BAR - 1, round(_BAR * step.began / whole))
    length = max(1, round(_BAR * step.ended / whole) - left)
    colour = "red" if step.failed else _COLOURS.get(step.name, "dim")
    return Text(" " * left + "━" * length, colour), Text(notes.get(step.name, ""), "dim")


def _console() -> Console:
    """No colour and no motion where nobody looks, or where NO_COLOR asks for neither."""
    return Console(width=WIDTH, color_system=None if os.environ.get("NO_COLOR") else "auto")


def _wrapped(line: str) -> list[str]:
    """No line is too long, and what follows stands under where it began."""
    indent = line[: len(line) - len(line.lstrip(" |"))]
    room = WIDTH - _INDENT - 2
    hanging = " " * len(indent)
    return textwrap.wrap(line, room, subsequent_indent=hanging, drop_whitespace=True) or [""]
