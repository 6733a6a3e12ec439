"""What the commands of `rehouse` took, and what was asked of them: rollbacks, recovery, and those that do little."""

import statistics
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.recovery import Recovery
from bench.rollbacks import Back
from bench.starts import STARTS

STANDING, RETIRED, RECOVERY = 0.5, 1.1, 1.0
Row = tuple[str, list[float], str]  # title, seconds, what was asked


def show(console: Console, found: Mapping[str, Any]) -> None:
    rows: dict[str, Callable[[Any], Iterator[Row]]] = {
        "rollbacks": _rollbacks,
        "recovery": _recovery,
        "commands": _starts,
    }
    for part in (each for each in rows if each in found):
        table = Table(box=None, padding=(0, 2, 0, 0))
        for title in (part, "seconds (from–to)", ""):
            table.add_column(title)
        for title, seconds, asked in rows[part](found[part]):
            table.add_row(title, _spread(seconds), asked)
        console.print(table, "")


def verdict(value: float, most: float) -> str:
    """Against what was asked."""
    met = "[green]met[/]" if value <= most else "[red]not met[/]"
    return f"at most {most}: {met}"


def _rollbacks(samples: list[Back]) -> Iterator[Row]:
    deploys = [each.deploy for each in samples]
    yield "rehouse deploy", deploys, ""
    for title, most, seconds in (
        ("rollback, retired", RETIRED, [each.retired for each in samples]),
        ("rollback, standing", STANDING, [each.standing for each in samples]),
    ):
        yield title, seconds, _of(statistics.median(seconds), deploys, most)


def _recovery(samples: list[Recovery]) -> Iterator[Row]:
    """Of those that were killed in time."""
    deploys = [each.deploy for each in samples]
    yield "rehouse deploy", deploys, ""
    seconds = [each.recovery for each in samples if not each.over]
    if seconds:
        yield (
            f"after {len(seconds)} kills, median",
            seconds,
            _of(statistics.median(seconds), deploys, RECOVERY),
        )
        yield "the slowest", [max(seconds)], _of(max(seconds), deploys, RECOVERY)


def _starts(samples: dict[str, list[float]]) -> Iterator[Row]:
    for title, _, _, most in STARTS:
        seconds = samples[title]
        yield title, seconds, verdict(statistics.median(seconds), most) if most else ""


def _of(seconds: float, deploys: list[float], most: float) -> str:
    ratio = seconds / statistics.median(deploys)
    return f"{ratio:.2f} of a deploy, {verdict(ratio, most)}"


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.3f} ({min(seconds):.3f}–{max(seconds):.3f})"
