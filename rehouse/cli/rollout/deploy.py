"""The order of events: what deploy and rollback ask of the engine."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.rollout.course import takes_steps
from rehouse.cli.rollout.stage import Stage
from rehouse.cli.rollout.stages import call_off
from rehouse.cli.rollout.undo import settle
from rehouse.cli.rollout.updates import (
    Done,
    Engine,
    Result,
    Told,
    chosen,
    chosen_facts,
    done,
    foreseen,
    previewed,
)
from rehouse.cli.rollout.wishes import Wishes, overridden
from rehouse.components.errors import OutOfReach, Refused, Wrong
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order
from rehouse.components.spec import ServiceSpec

NOTHING: Mapping[str, object] = MappingProxyType({})


def deploy(
    engine: Engine,
    service: str | None,
    force: bool = False,
    keep: bool = False,
    on_event: OnEvent | None = None,
    expected: Mapping[str, object] = NOTHING,
    wishes: Wishes = NOTHING,
) -> Done:
    """What the spec says is live when this returns, or has its first share of the traffic: then ``progress`` is set.

    Raises Undone where it failed and what was live before is live again, NotUndone where that failed too,
    Interrupted after a signal, and before anything is touched Wrong, OutOfReach, Refused and Contested. Wrong
    also where the program does not make what is *expected*, by key of the configuration: target or replicas.
    *wishes* are for this rollout alone, and kept in the ledger as long as it is in progress.
    """
    order = Order(kind="deploy", serial=None, service=service, force=force)
    facts = chosen_facts(_looked_ahead(engine, order), service)
    _must_have_read(facts, expected)
    before = Told(facts.get("serial", 0), tuple(facts.get("before", ())))
    order = order.model_copy(update={"serial": before.serial, "service": facts.get("service")})
    spec = _spec(facts)
    rollout = overridden(spec.rollout, wishes) if spec else None
    if spec and rollout and takes_steps(spec, rollout, before.live, facts["wanted"]):
        order = order.model_copy(update={"kind": "begin", "rollout": rollout})
    result = engine.up(order, on_event, rollout.deadline if rollout else None)
    if result.well:
        return done(result, order.service, before)
    return settle(engine, order, result, before, keep, on_event)


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
        return call_off(Stage(engine, name, before, on_event), why)
    order = Order(
        kind="rollback", serial=before.serial, service=name, generation=target, reason=why
    )
    foreseen(before, order)
    result = engine.up(order, on_event)
    if result.well:
        return done(result, name, before)
    return settle(engine, order, result, before, on_event=on_event)


def _looked_ahead(engine: Engine, order: Order) -> Result:
    """One process less than to read the ledger first: so it is read only where something is wrong, perhaps with it."""
    try:
        return previewed(engine, order)
    except OutOfReach:
        engine.ledgers()
        raise


def _must_have_read(facts: dict[str, Any], expected: Mapping[str, object]) -> None:
    """A program of somebody's own may do without a key."""
    made = {"target": facts.get("target"), "replicas": facts.get("spec", {}).get("replicas")}
    for key, value in expected.items():
        if made[key] != value:
            what = f"is {value}, and the program makes {made[key]}: it does not read the key"
            fix = f"give it to Service in the program: {key}=… (rehouse init writes one that does)"
            raise Wrong(f"configuration key {key}", what, fix)


def _spec(facts: dict[str, Any]) -> ServiceSpec | None:
    return ServiceSpec.model_validate_json(json.dumps(facts["spec"])) if "spec" in facts else None


def _previous(ledger: Ledger) -> str:
    if ledger.progress:
        return next(iter(ledger.progress.before))
    for record in ledger.remembered:
        name = record.generation.name
        if name not in ledger.live and name not in ledger.quarantined:
            return name
    fix = "rehouse history shows what is remembered; name one, or deploy an earlier spec"
    raise Refused("rollback", "no generation was live before this one", fix)
