"""The order of events: what deploy and rollback ask of the engine."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.rollout.moment import Moment
from rehouse.cli.rollout.stages import call_off
from rehouse.cli.rollout.undo import settle
from rehouse.cli.rollout.updates import (
    Done,
    Engine,
    Result,
    chosen,
    done,
    foreseen,
    known_or_new,
    previewed,
)
from rehouse.components.errors import Refused, Wrong
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order
from rehouse.components.wishes import Wishes

NOTHING: Mapping[str, Any] = MappingProxyType({})


def deploy(
    engine: Engine,
    service: str | None,
    force: bool = False,
    keep: bool = False,
    on_event: OnEvent | None = None,
    expected: Mapping[str, str | int] = NOTHING,
    wishes: Wishes = NOTHING,
) -> Done:
    """What the spec says is live when this returns, or has its first share of the traffic: then ``progress`` is set.

    Raises Undone where it failed and what was live before is live again, NotUndone where that failed too,
    Interrupted after a signal, and before anything is touched Wrong, OutOfReach, Refused and Contested. Wrong
    also where the program does not make what is *expected*, by key of the configuration: target or replicas.
    *wishes* are for this rollout alone, and kept in the ledger as long as it is in progress.
    """
    ledgers = engine.ledgers()
    name, before = known_or_new(ledgers, service)
    order = Order(
        kind="deploy",
        serial=before.serial,
        service=name,
        force=force,
        wishes=wishes,
        expected=dict(expected),
    )
    result = engine.up(order, on_event)
    if not result.well:
        return settle(engine, order, result, before, keep, on_event)
    _must_know(name, result, ledgers)
    now = done(result, name, before)
    if not now.changed:
        # What runs may be declared otherwise today: nobody changed it, and it is told. What was kept is gone now.
        previewed(engine, order.model_copy(update={"serial": None}))
    return now


def rollback(
    engine: Engine,
    service: str | None,
    to: str | None,
    reason: str | None,
    on_event: OnEvent | None,
) -> Done:
    """The remembered generation, or the one that was live before, is live when this returns. Raises as deploy does.

    While a rollout is in progress, going back to what was live before is to abort it.
    """
    name, before = chosen(engine.ledgers(), service)
    target = to or _previous(before)
    why = reason or f"rolled back to {target}"
    if before.progress and target in before.progress.before:
        return call_off(Moment(engine, name, before, on_event), why)
    order = Order(
        kind="rollback", serial=before.serial, service=name, generation=target, reason=why
    )
    foreseen(before, order)
    result = engine.up(order, on_event)
    if result.well:
        return done(result, name, before)
    return settle(engine, order, result, before, on_event=on_event)


def _must_know(service: str | None, result: Result, ledgers: Mapping[str, Ledger]) -> None:
    """Raises Wrong where the program declares no service of that name; the update then was about nothing."""
    if not result.facts(service):
        known = ", ".join(ledgers) or "none"
        raise Wrong(f"service {service or ''}".strip(), "is not in this stack", f"known: {known}")


def _previous(ledger: Ledger) -> str:
    if ledger.previous:
        return ledger.previous
    fix = "rehouse history shows what is remembered; name one, or deploy an earlier spec"
    raise Refused("rollback", "no generation was live before this one", fix)
