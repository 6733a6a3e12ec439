"""What Pulumi's event log tells of an update: when each resource began and ended, and the steps they make."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

# Its own times are whole seconds, so an event's time is when it was read: POLL is the error.
POLL = 0.01
_KINDS = {"resourcePreEvent": "began", "resOutputsEvent": "ended", "resOpFailedEvent": "failed"}
_CHANGES = ("create", "update", "delete", "create-replacement", "delete-replaced")
_NO_PARTS = ("pulumi:", "rehouse:index:")  # stack and providers, and what only holds others


@dataclass(frozen=True)
class Event:
    """Something happened to a resource, so many seconds after the command."""

    at: float
    kind: str  # began, ended, failed
    change: str  # create, update, delete, …
    urn: str

    @property
    def resource(self) -> str:
        return self.urn.rpartition("::")[2]

    @property
    def step(self) -> str | None:
        """The step of the rollout that it belongs to."""
        if self.change.startswith("delete"):
            return "retire"
        if "rehouse:Traffic::" in self.urn:
            return "shift"
        if "rehouse:index:Router$" in self.urn:
            return "router"
        return "prove" if "rehouse:Gate::" in self.urn else "raise"


@dataclass(frozen=True)
class Step:
    """From the first to the last event of a step, in seconds after the command."""

    name: str
    began: float
    ended: float
    failed: bool

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class EventLog:
    """The file that the engine writes, line by line, while it runs."""

    def __init__(self, path: Path) -> None:
        self._path, self._began = path, time.monotonic()
        self._file: IO[str] | None = None
        self._line = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def read(self) -> Iterator[Event]:
        """What has come since the last time."""
        if self._file is None and self._path.exists():
            self._file = self._path.open()
        at = time.monotonic() - self._began
        for part in self._file or ():
            self._line += part
            if self._line.endswith("\n"):
                yield from events_of(json.loads(self._line), at)
                self._line = ""


def events_of(record: dict[str, Any], at: float) -> Iterator[Event]:
    """The changes to what really runs somewhere."""
    for key, kind in _KINDS.items():
        about = record.get(key, {}).get("metadata")
        if about and about["op"] in _CHANGES and not _type(about["urn"]).startswith(_NO_PARTS):
            yield Event(at, kind, about["op"], about["urn"])


def _type(urn: str) -> str:
    return urn.split("::")[-2].rpartition("$")[2]


def steps_of(events: Iterable[Event]) -> list[Step]:
    """The steps in the order in which they ended."""
    steps: dict[str, Step] = {}
    for event in events:
        if event.step:
            old = steps.pop(event.step, Step(event.step, event.at, event.at, failed=False))
            failed = old.failed or event.kind == "failed"
            steps[event.step] = Step(event.step, old.began, event.at, failed)
    return list(steps.values())
