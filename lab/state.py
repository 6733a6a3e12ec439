"""What a lab writes down about itself: what holds it, whether it is ready, and is to stay."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Self

from lab.places import Places
from lab.processes import Process


@dataclass(frozen=True)
class State:
    """The process that made the namespaces, and the first one inside, which holds them."""

    outer: Process
    first: Process
    ready: bool
    kept: bool

    @classmethod
    def starting(cls, outer: int, first: int) -> Self:
        return cls(Process.of(outer), Process.of(first), ready=False, kept=False)

    def made_ready(self) -> Self:
        return dataclasses.replace(self, ready=True)

    def made_to_stay(self) -> Self:
        return dataclasses.replace(self, kept=True)


def read_state(places: Places) -> State | None:
    try:
        found = json.loads(places.state.read_text())
    except FileNotFoundError:
        return None
    outer, first = Process(**found.pop("outer")), Process(**found.pop("first"))
    return State(outer, first, **found)


def write_state(places: Places, state: State) -> None:
    unfinished = places.state.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(dataclasses.asdict(state)))
    unfinished.replace(places.state)
