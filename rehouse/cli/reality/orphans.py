"""What carries the labels of a stack, or stands in its router, and is unknown to its state."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from rehouse.cli.reality.drift import docker
from rehouse.cli.reality.inventory import Resource
from rehouse.cli.reality.orphans_router import in_router
from rehouse.cli.reality.survey import Engine as Surveyed
from rehouse.cli.reality.survey import alone, site_of
from rehouse.components.errors import OutOfReach, Refused, RehouseError
from rehouse.components.reality import Thing, machines
from rehouse.components.recall import INSIDE
from rehouse.components.site import Daemon, Site

STACK = "rehouse.stack"


class Orphan(Protocol):
    """Something of ours; *kind*, *place* and *name* are for people."""

    @property
    def kind(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def name(self) -> str: ...

    def is_known(self, resources: Iterable[Resource]) -> bool:
        """Whether the state has it: then it is no orphan."""
        ...

    def remove(self) -> None:
        """Raises a RehouseError where somebody still uses it."""
        ...


class Machine(Protocol):
    """As much of a Docker daemon as is asked."""

    def labelled(self, labels: Mapping[str, str]) -> list[Thing]: ...
    def remove(self, thing: Thing) -> None: ...


@contextmanager
def looked(engine: Surveyed) -> Iterator[list[Orphan]]:
    """The orphans, or what a running update is just making; the daemons stay at hand meanwhile."""
    before, site = engine.resources(), site_of(engine)
    with machines(daemons_of(before, site)) as here:
        beside = in_router(engine.label(), (site or Site()).router, before)
        found: list[Orphan] = [*labelled(engine.label(), here), *beside]
        yield unknown(found, engine.resources())


def remove(
    engine: Surveyed,
    orphans: Iterable[Orphan],
    told: Callable[[Orphan], None],
    force: bool = False,
) -> None:
    """All that are still unknown when the stack was had alone: then nobody is just making them.

    Raises the first failure, after all were tried, and Refused where the state may have been lost: then what
    nobody knows of is the service itself.
    """
    alone(engine)
    resources = engine.resources()
    left = unknown(orphans, resources)
    if not force:
        must_not_be_lost(engine.label(), left, resources)
    remove_all(left, told)


def must_not_be_lost(
    label: str, orphans: Collection[Orphan], resources: Iterable[Resource]
) -> None:
    containers = [each.name for each in orphans if each.kind == "container"]
    if containers and not any(INSIDE in each["urn"] for each in resources):
        what = f"knows of nothing, and these would go: {', '.join(containers)}"
        fix = (
            "restore the state, or see that PULUMI_BACKEND_URL names the one that they were made with\n"
            "if it is sure that nobody needs them: rehouse orphans --remove --force"
        )
        raise Refused(f"state of {label}", what, fix, "nothing was removed")


def remove_all(orphans: Iterable[Orphan], told: Callable[[Orphan], None]) -> None:
    failed = []
    for each in orphans:
        try:
            each.remove()
        except RehouseError as error:
            failed.append(error)
        else:
            told(each)
    if failed:
        raise failed[0]


def unknown(found: Iterable[Orphan], resources: Collection[Resource]) -> list[Orphan]:
    """Orphans, and not just being created, if *resources* were read later and the stack was had alone in between."""
    return [each for each in found if not each.is_known(resources)]


def shape(orphan: Orphan) -> dict[str, Any]:
    return {"kind": orphan.kind, "place": orphan.place, "name": orphan.name}


@dataclass(frozen=True)
class OnDaemon:
    """A container, network or volume."""

    daemon: Daemon
    machine: Machine
    thing: Thing

    @property
    def kind(self) -> str:
        return self.thing.kind

    @property
    def place(self) -> str:
        return self.daemon.name

    @property
    def name(self) -> str:
        return self.thing.name

    def is_known(self, resources: Iterable[Resource]) -> bool:
        return any(each.get("id") == self.thing.id for each in resources)

    def remove(self) -> None:
        try:
            self.machine.remove(self.thing)
        except LookupError as error:
            look = f"{docker(self.daemon)} {self.kind} inspect {self.name}"
            what, fix = f"cannot be removed: {error}", f"{look} says who uses it; then run it again"
            raise OutOfReach(f"{self.place}: {self.kind} {self.name}", what, fix) from None


def labelled(label: str, here: Mapping[Daemon, Machine]) -> list[OnDaemon]:
    """All that is there, known or not; containers of a daemon first, because they use the rest."""
    return [
        OnDaemon(daemon, machine, thing)
        for daemon, machine in here.items()
        for thing in machine.labelled({STACK: label})
    ]


def daemons_of(resources: Iterable[Resource], site: Site | None) -> tuple[Daemon, ...]:
    """Those on which the state knows something, and those of the site; each once, by its address.

    A program of one's own need not have its site in the configuration: then it is None.
    """
    told = [each.get("inputs", {}).get("daemon") for each in resources]
    there = [Daemon.model_validate_json(text) for text in told if isinstance(text, str)]
    more = site.all_daemons if site else () if there else Site().all_daemons
    return tuple({each.url: each for each in (*there, *more)}.values())
