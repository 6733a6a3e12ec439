"""Where what is there differs from what the ledger says, and what to type. Changes nothing."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from rehouse.cli.reality.inventory import Inventory, Place, RouterPlace
from rehouse.cli.rollout.interrupted import Interruption
from rehouse.components.front import Server, Shift
from rehouse.components.haproxy import Seen
from rehouse.components.site import Daemon
from rehouse.components.targets.likeness import Difference, differences

REPAIR = "rehouse repair"
STOPPED = ("exited", "dead", "created")


@dataclass(frozen=True)
class Finding:
    """One row: kind is interrupted, gone, stopped, changed, stranger, router or server."""

    kind: str
    place: str
    what: str
    fix: str

    def shape(self) -> dict[str, str]:
        return asdict(self)


class Looked(Protocol):
    """A Docker daemon that is asked for a container."""

    def container(self, container: str) -> dict[str, Any] | None: ...


class Machine(Looked, Protocol):
    """As much of a Docker daemon as is asked."""

    def image(self, pinned: str) -> str | None: ...
    def guests(self, network: str) -> dict[str, str]: ...


def drift(
    inventory: Inventory, machines: Mapping[Daemon, Machine], servers: list[Seen] | None
) -> list[Finding]:
    """*servers* are those that the router has, None where it does not answer."""
    found: list[Finding] = []
    for place in inventory.places:
        found += _of_instance(place, machines[place.daemon])
    for daemon, network in inventory.networks:
        found += _strangers(daemon, network, machines[daemon], inventory)
    absent = {each.place for each in found if each.kind in ("gone", "stopped")}
    names = {place.name for place in inventory.places if str(place) in absent}
    return found + of_router(inventory.plan, servers, names)


def of_update(cut: Interruption | None) -> list[Finding]:
    """What was cut off stands in no ledger, and may have the traffic."""
    return [Finding("interrupted", "stack", cut.told, cut.fix)] if cut else []


def state_of(place: Place | RouterPlace, machine: Looked) -> tuple[str, dict[str, Any] | None]:
    """In Docker's words, like running or exited, or gone; and what docker inspect shows."""
    found = machine.container(place.container) if place.container else None
    return (found["State"]["Status"] if found else "gone"), found


def _of_instance(place: Place, machine: Machine) -> list[Finding]:
    status, found = state_of(place, machine)
    if found is None:
        return [Finding("gone", str(place), "is gone: somebody removed the container", REPAIR)]
    image = machine.image(place.generation.image)
    told = differences(place.generation, place.name, image, place.network, found)
    changed = [_changed(place, each, found["Name"].removeprefix("/")) for each in told]
    return [*_not_running(place, status, found), *(changed if status not in STOPPED else [])]


def _not_running(place: Place, status: str, found: Mapping[str, Any]) -> list[Finding]:
    code, name = found["State"]["ExitCode"], found["Name"].removeprefix("/")
    if status in STOPPED:
        return [Finding("stopped", str(place), f"is stopped, with status {code}", REPAIR)]
    if status == "paused":
        return [
            Finding("stopped", str(place), "is paused", f"{docker(place.daemon)} unpause {name}")
        ]
    if status == "restarting":
        what = f"ends again and again, last with status {code}"
        return [Finding("stopped", str(place), what, "rehouse logs, then: rehouse rollback")]
    return []


def _changed(place: Place, difference: Difference, container: str) -> Finding:
    on = docker(place.daemon)
    undo = f"{on} update {difference.undo} {container}"
    again = f"{on} rm --force {container}, then: {REPAIR}"
    fix = undo if difference.undo else again
    return Finding("changed", str(place), f"was changed by hand: {difference}", fix)


def _strangers(
    daemon: Daemon, network: str, machine: Machine, inventory: Inventory
) -> list[Finding]:
    ours = {place.container for place in inventory.places}
    return [
        Finding(
            "stranger",
            f"{daemon.name}: {name}",
            f"is no instance, and runs in network {network}",
            f"where it does not belong there: {docker(daemon)} network disconnect {network} {name}",
        )
        for id_, name in machine.guests(network).items()
        if id_ not in ours
    ]


def of_router(
    plan: Shift | None, servers: list[Seen] | None, absent: Collection[str]
) -> list[Finding]:
    """That the servers of instances which are *absent* are down is no news."""
    if plan is None:
        return []
    if servers is None:
        what = f"does not answer, or has no backend {plan.front.backend}"
        return [Finding("router", "router", what, REPAIR)]
    seen = {each.name: each for each in servers}
    wanted = {each.name: each for each in plan.servers}
    told = [(name, _fault(each, seen.get(name), absent)) for name, each in wanted.items()]
    told += [(name, ("is none of the ledger's", REPAIR)) for name in seen if name not in wanted]
    return [Finding("server", f"router: {name}", *fault) for name, fault in told if fault]


def _fault(wanted: Server, seen: Seen | None, absent: Collection[str]) -> tuple[str, str] | None:
    """What is wrong with a server, and what to type."""
    if seen is None:
        return "is missing", REPAIR
    if seen.status == "MAINT" or (seen.status == "DRAIN" and wanted.weight):
        return f"is in {seen.status}", REPAIR
    if seen.weight != wanted.weight:
        return f"has weight {seen.weight}, and should have {wanted.weight}", REPAIR
    if not seen.up and wanted.instance not in absent:
        return f"is down: check says {seen.check}", "rehouse logs"
    return None


def docker(daemon: Daemon) -> str:
    """The command, for a person."""
    return "docker" if daemon.url == Daemon().url else f"docker --host {daemon.url}"
