"""An engine without daemons, faithful in what a rollout relies on: the order of an update, and where it may end.

As the real one it creates first, then waits for gates, then shifts, deletes what is not declared any more, and
writes the ledger down last: also where a deletion failed, and not where it was killed. What fails or is killed ends
there, and keeps what was done before.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rehouse.cli.eventlog import OnEvent
from rehouse.components.declare import shares_of
from rehouse.components.errors import GateFailed, OutOfReach, RehouseError
from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order, must_make, next_ledger

DECLARED = {"standing", "progress", "maintenance"}
POINTS = ("begin", "created", "gated", "shifted", "retiring", "deleted", "written")


class Killed(BaseException):
    """The client is gone, in the middle of an update."""


@dataclass
class Ended:
    """How an update ended; the shape of the real one's outcome."""

    failed: RehouseError | None = None
    asked: Generation | None = None
    last: Ledger | None = None
    declared: Ledger | None = None
    changes: list[tuple[str, list[str]]] = field(default_factory=list)
    interrupted: int = 0
    hurried: bool = False
    begun: bool = True
    touched: bool = True

    @property
    def well(self) -> bool:
        return self.failed is None and not self.interrupted

    def error(self) -> RehouseError | None:
        return self.failed

    def facts(self, service: str | None = None) -> dict[str, Any]:
        if service not in (None, "web"):
            return {}
        told: dict[str, Any] = {"service": "web"}
        if self.last:
            told |= {"serial": self.last.serial, "before": list(self.last.live)}
        if self.declared:
            told |= self.declared.model_dump(mode="json", include=DECLARED)
            told["live"] = list(self.declared.live)
        if self.asked is None:
            return told
        told |= {"target": self.asked.target, "image": self.asked.image}
        return told | {"wanted": self.asked.name, "spec": self.asked.spec.model_dump(mode="json")}

    def told(self) -> list[dict[str, Any]]:
        return [self.facts()]

    def said(self) -> str:
        return str(self.failed)

    def patches(self) -> list[tuple[str, list[str]]]:
        return self.changes


@dataclass
class FakeEngine:
    """One service of one stack. *at* is told each point of an update, and may raise there."""

    spec: Generation | None = None
    ledger: Ledger = field(default_factory=Ledger)
    standing: dict[str, int] = field(default_factory=dict)  # instance to the number of its making
    stopped: set[str] = field(default_factory=set)  # instances that a killed update was deleting
    proven: set[tuple[str, int]] = field(default_factory=set)
    weights: dict[str, int] = field(default_factory=dict)  # of the router's servers
    sick: set[str] = field(default_factory=set)  # generations that do not get well
    at: Callable[[str], None] = lambda _point: None
    unreadable: set[str] = field(default_factory=set)  # orders for which the spec cannot be read
    made: int = 0
    updates: list[str] = field(default_factory=list)
    patching: list[tuple[str, list[str]]] = field(default_factory=list)
    neighbours: dict[str, Ledger] = field(default_factory=dict)  # other services of the stack

    def ledgers(self) -> dict[str, Ledger]:
        return {**self.neighbours, **({"web": self.ledger} if self.ledger.serial else {})}

    def preview(self, wanted: Order | None = None) -> Ended:
        try:
            declared = self._next(wanted)
        except RehouseError as error:
            return Ended(error, self._asked(wanted))
        return Ended(None, self._asked(wanted), self.ledger, declared, self.patching)

    def up(
        self,
        wanted: Order | None = None,
        on_event: OnEvent | None = None,
        seconds: float | None = None,
    ) -> Ended:
        last = self.ledger
        if wanted and wanted.service not in (None, "web"):
            return Ended()
        try:
            declared = self._next(wanted)
            _must_have_time(seconds)
        except RehouseError as error:
            read = wanted is None or wanted.kind not in self.unreadable
            return Ended(error, self._asked(wanted) if read else None, touched=False)
        self.updates.append(wanted.kind if wanted else "plain")
        try:
            self._update(declared)
        except RehouseError as error:
            return Ended(error, self._asked(wanted))
        return Ended(None, self._asked(wanted), last, declared)

    def _next(self, order: Order | None) -> Ledger:
        self._must_be_readable(order)
        if asked := self._asked(order):
            must_make(order, asked.spec, asked.target)
        when = datetime.now(UTC).isoformat()
        return next_ledger(self.ledger, self._asked(order), order, "ops@here", when)

    def _asked(self, order: Order | None) -> Generation | None:
        return self.spec if order is None or order.needs_spec else None

    def _must_be_readable(self, order: Order | None) -> None:
        if order and order.needs_spec and order.kind in self.unreadable:
            raise OutOfReach("secret TOKEN", "its command failed", "run it by hand")

    def _update(self, ledger: Ledger) -> None:
        self.at("begin")
        wanted = declared(ledger)
        for name in wanted:
            if name not in self.standing or name in self.stopped:
                self.made += 1
                self.standing[name] = self.made
        self.stopped -= set(wanted)
        self.at("created")
        self._prove(ledger)
        self.at("gated")
        self.weights = servers(ledger)
        self.at("shifted")
        with self._written(ledger):
            self._retire(wanted)
        self.at("written")

    @contextmanager
    def _written(self, ledger: Ledger) -> Iterator[None]:
        """Also where a deletion failed; where it is killed, nobody writes any more."""
        try:
            yield
        except RehouseError:
            self.ledger = ledger
            raise
        self.ledger = ledger

    def _retire(self, wanted: list[str]) -> None:
        self.stopped |= set(self.standing) - set(wanted)
        self.at("retiring")
        self.standing = {name: made for name, made in self.standing.items() if name in wanted}
        self.stopped = set()
        self.at("deleted")

    def _prove(self, ledger: Ledger) -> None:
        for name in servers(ledger):
            key = (name, self.standing[name])
            if key not in self.proven and generation_of(name) in self.sick:
                raise GateFailed(f"gate of {generation_of(name)}", "answers 503\nlog", "mend it")
            self.proven.add(key)


def _must_have_time(seconds: float | None) -> None:
    """Without any it is asked to end at once, before it has written anything."""
    if seconds == 0:
        what = "took longer than rollout.deadline allows, and was stopped"
        raise GateFailed("rollout", what, "give it more time")


def declared(ledger: Ledger) -> list[str]:
    """The instances that stand according to the ledger."""
    return [
        f"{generation.name}-{index}"
        for generation in ledger.standing_generations()
        for index in range(ledger.instances_of(generation))
    ]


def servers(ledger: Ledger) -> dict[str, int]:
    """Those of them that the router knows, with their weights."""
    shares = shares_of(ledger)
    known = [name for name in declared(ledger) if generation_of(name) not in ledger.quarantined]
    return {name: shares[generation_of(name)] for name in known}


def generation_of(instance: str) -> str:
    return instance.rpartition("-")[0]


def out_of_reach(point: str) -> Callable[[str], None]:
    """Something fails at this point, once."""
    left = [point]

    def at(now: str) -> None:
        if now in left:
            left.remove(now)
            raise OutOfReach("docker", "does not answer", "start it")

    return at


def killed(point: str) -> Callable[[str], None]:
    """The client is killed at this point, once."""
    left = [point]

    def at(now: str) -> None:
        if now in left:
            left.remove(now)
            raise Killed

    return at
