"""What the load saw, counted from its records."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_SHOWN = 20


@dataclass(frozen=True)
class Failure:
    time: float  # when it was sent, in seconds since 1970
    seconds: float
    kind: str
    reason: str


@dataclass
class Report:
    """Counts of requests; times in seconds since 1970."""

    sent: int = 0
    failed: int = 0
    truncated: int = 0  # answers that began and did not end: they are among the failed
    failures: list[Failure] = field(default_factory=list)  # the first of them
    failing: tuple[float, float] | None = (
        None  # when the first that failed was sent, and the last ended
    )
    by_kind: dict[str, int] = field(default_factory=dict)
    by_generation: dict[str, int] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)  # when each generation answered first
    last: dict[str, float] = field(default_factory=dict)  # … and last
    ended: str = ""  # why it ended: "asked", "time" or "count"; empty while it runs

    def __str__(self) -> str:
        lines = [f"{self.sent} sent, {self.failed} failed, {self.truncated} of them truncated"]
        lines += [f"{name or '?'}: {count}" for name, count in self.by_generation.items()]
        lines += [f"{each.time:.3f} {each.kind}: {each.reason}" for each in self.failures]
        return "\n".join(lines)


def read_report(path: Path) -> Report:
    report = Report()
    for record in _records(path):
        _count(report, record)
    return report


def _records(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open() as lines:
        # A line without its end is being written right now.
        yield from (json.loads(line) for line in lines if line.endswith("\n"))


def _count(report: Report, record: dict[str, Any]) -> None:
    if "ended" in record:
        report.ended = record["ended"]
        return
    report.sent += 1
    report.by_kind[record["kind"]] = report.by_kind.get(record["kind"], 0) + 1
    if record["reason"] is not None:
        _count_failure(report, record)
    elif record["generation"] is not None:
        _count_generation(report, record["generation"], record["end"])


def _count_failure(report: Report, record: dict[str, Any]) -> None:
    report.failed += 1
    report.truncated += record["truncated"]
    since, until = report.failing or (record["start"], record["end"])
    report.failing = (min(since, record["start"]), max(until, record["end"]))
    if len(report.failures) < _SHOWN:
        took = record["end"] - record["start"]
        failure = Failure(record["start"], round(took, 3), record["kind"], record["reason"])
        report.failures.append(failure)


def _count_generation(report: Report, generation: str, end: float) -> None:
    report.by_generation[generation] = report.by_generation.get(generation, 0) + 1
    report.first[generation] = min(end, report.first.get(generation, end))
    report.last[generation] = max(end, report.last.get(generation, end))
