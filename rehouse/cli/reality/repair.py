"""Raises instances that are gone or stopped again, as they were declared, through the gate and without a detour."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.reality.drift import STOPPED, of_router, state_of
from rehouse.cli.reality.inventory import KEPT, Place, RouterPlace
from rehouse.cli.reality.survey import Survey
from rehouse.cli.rollout.guard import must_not_patch
from rehouse.cli.rollout.updates import Interrupted, Result
from rehouse.components.errors import OutOfReach
from rehouse.components.front import Shift
from rehouse.components.haproxy import Seen
from rehouse.components.order import Order
from rehouse.components.site import Daemon


class Engine(Protocol):
    """As much of the engine as a repair needs."""

    def refresh(self, urns: list[str]) -> Result: ...
    def preview(self, wanted: Order | None = None) -> Result: ...
    def up(self, wanted: Order | None = None, on_event: OnEvent | None = None) -> Result: ...


class Machine(Protocol):
    """As much of a Docker daemon as a repair needs."""

    def container(self, container: str) -> dict[str, Any] | None: ...
    def remove_container(self, container: str) -> None: ...


class Router(Protocol):
    """Takes servers out, so that whoever gets their addresses next has no traffic before its gate."""

    def __call__(self, plan: Shift, instances: Collection[str]) -> None: ...


@dataclass(frozen=True)
class Repaired:
    """The instances that were raised again, and what of the router was set right."""

    service: str
    raised: tuple[str, ...]
    mended: tuple[str, ...]


def repair(
    engine: Engine,
    seen: Survey,
    machines: Mapping[Daemon, Machine],
    servers: list[Seen] | None,
    leave_out: Router,
    on_event: OnEvent | None = None,
) -> Repaired:
    """What the ledger says stands again, and the router sends what it shall; those that run are left alone.

    May be killed at any point and run again. Raises GateFailed where an instance does not get well: it then
    has no traffic, and the others keep theirs.
    """
    lost = [each for each in seen.inventory.places if _is_lost(each, machines[each.daemon])]
    names = tuple(each.name for each in lost)
    mended = tuple(each.place for each in of_router(seen.inventory.plan, servers, names))
    if lost or mended:
        _take_away(engine, seen, lost, machines, leave_out)
        _raise_again(engine, seen, on_event)
    return Repaired(seen.service, names, mended)


def _take_away(
    engine: Engine,
    seen: Survey,
    lost: list[Place],
    machines: Mapping[Daemon, Machine],
    leave_out: Router,
) -> None:
    """Out of the router, out of Docker, out of the state; in this order, so that a killed one can be run again."""
    if lost and seen.inventory.plan:
        leave_out(seen.inventory.plan, {each.name for each in lost})
    dead: list[Place | RouterPlace] = [*lost]
    router = seen.inventory.router
    if router and _is_lost(router, machines[router.daemon]):
        dead.append(router)
    for each in dead:
        _clear(each, machines[each.daemon])
    urns = [each.urn for each in dead if each.urn]
    # What they stand on may be gone as well; the engine finds that out by itself.
    kept = [each["urn"] for each in seen.resources if each["type"].endswith(KEPT)]
    if urns:
        _must_be_well(engine.refresh([*urns, *kept]), seen)


def _raise_again(engine: Engine, seen: Survey, on_event: OnEvent | None) -> None:
    order = Order(kind="repair", serial=seen.ledger.serial, service=seen.service or None)
    planned = engine.preview(order)
    _must_be_well(planned, seen)
    must_not_patch(planned.patches())
    _must_be_well(engine.up(order, on_event), seen)


def _is_lost(place: Place | RouterPlace, machine: Machine) -> bool:
    return state_of(place, machine)[0] in (*STOPPED, "gone")


def _clear(place: Place | RouterPlace, machine: Machine) -> None:
    """Raises OutOfReach with Docker's words."""
    if not place.container:
        return
    try:
        machine.remove_container(place.container)
    except LookupError as error:
        fix = "see the daemon's own log, then: rehouse repair"
        raise OutOfReach(str(place), f"cannot be removed: {error}", fix) from None


def _must_be_well(result: Result, seen: Survey) -> None:
    live = ", ".join(seen.ledger.live) or "nothing"
    state = f"{live} is live; the instances that ran before keep all traffic"
    if result.interrupted:
        raise Interrupted(result.interrupted, "was interrupted", "rehouse repair", state)
    if not result.well:
        fix = "mend that, then: rehouse repair"
        error = result.error() or OutOfReach("engine", result.said(), fix)
        raise error.with_state(state)
