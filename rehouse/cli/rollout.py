"""The order of events: what a command asks of the engine, and what it does when that fails."""

import json
from dataclasses import dataclass, field
from typing import Any, Protocol

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.guard import must_not_patch
from rehouse.components.errors import (
    Contested,
    NotUndone,
    OutOfReach,
    Refused,
    RehouseError,
    Undone,
    Wrong,
)
from rehouse.components.ledger import Ledger, Progress
from rehouse.components.order import Order
from rehouse.components.spec import Rollout

AGAIN = "run it again"
FINISH = "rehouse deploy: it finishes what the spec says, or goes back to what it said"


class Result(Protocol):
    """How one update or preview ended."""

    @property
    def well(self) -> bool: ...
    @property
    def interrupted(self) -> int: ...
    @property
    def hurried(self) -> bool: ...
    @property
    def begun(self) -> bool: ...
    def error(self) -> RehouseError | None: ...
    def wanted(self) -> str | None: ...
    def facts(self) -> dict[str, Any]: ...
    def said(self) -> str: ...
    def patches(self) -> list[tuple[str, list[str]]]: ...


class Engine(Protocol):
    """As much of the engine as a rollout needs."""

    def ledgers(self) -> dict[str, Ledger]: ...
    def preview(self, wanted: Order | None = None) -> Result: ...
    def up(self, wanted: Order | None = None, on_event: OnEvent | None = None) -> Result: ...


@dataclass(frozen=True)
class Done:
    """What was live before, and what is live now."""

    service: str | None
    before: tuple[str, ...]
    live: tuple[str, ...]
    standing: dict[str, int] = field(default_factory=dict)
    progress: Progress | None = None  # where it takes further updates

    @property
    def changed(self) -> bool:
        return self.before != self.live


def deploy(engine: Engine, service: str | None, force: bool, on_event: OnEvent | None) -> Done:
    """What the spec says is live when this returns, or has its first share of the traffic: then ``progress`` is set.

    Raises Undone where it failed and what was live before is live again, NotUndone where that failed too,
    Interrupted after a signal, and before anything is touched Wrong, OutOfReach, Refused and Contested.
    """
    name, before = chosen(engine.ledgers(), service)
    order = Order(kind="deploy", serial=before.serial, service=name, force=force)
    preview = engine.preview(order)
    _must_be_possible(preview)
    result = engine.up(_in_steps(order, preview.facts(), before), on_event)
    if result.well:
        return _done(engine, name, before)
    return _settle(engine, order, result, before)


def _in_steps(order: Order, facts: dict[str, Any], before: Ledger) -> Order:
    """The first of several, where the spec asks for that and there is something to compare with."""
    wanted, spec = facts.get("wanted"), facts.get("spec")
    if spec is None or not before.live or wanted in before.standing:
        return order
    rollout = Rollout.model_validate_json(json.dumps(spec["rollout"]))
    if not rollout.is_watched:
        return order
    return order.model_copy(update={"kind": "begin", "steps": rollout.shares})


def failure_of(result: Result, state: str) -> RehouseError:
    """What went wrong, in our words where we have some; *state* is what is running now."""
    if result.interrupted:
        return Interrupted(result.interrupted, "was interrupted", AGAIN, state)
    error = result.error() or OutOfReach("engine", result.said(), "mend that, then run it again")
    return error.with_state(state)


def rollback(
    engine: Engine,
    service: str | None,
    to: str | None,
    reason: str | None,
    on_event: OnEvent | None,
) -> Done:
    """The remembered generation, or the one that was live before, is live when this returns. Raises as deploy does."""
    name, before = chosen(engine.ledgers(), service)
    target = to or _previous(before)
    why = reason or f"rolled back to {target}"
    order = Order(
        kind="rollback", serial=before.serial, service=name, generation=target, reason=why
    )
    _must_be_possible(engine.preview(order))
    result = engine.up(order, on_event)
    return _done(engine, name, before) if result.well else _settle(engine, order, result, before)


def chosen(ledgers: dict[str, Ledger], service: str | None) -> tuple[str | None, Ledger]:
    """The service that is meant, and its ledger; an empty one where nothing was deployed yet."""
    if service in ledgers:
        return service, ledgers[service]
    known = ", ".join(ledgers)
    if service and ledgers:
        raise Wrong(f"service {service}", "is not in this stack", f"known: {known}")
    if len(ledgers) > 1:
        raise Wrong("service", f"this stack has several: {known}", "name one of them")
    return next(iter(ledgers.items()), (service, Ledger()))


def _must_be_possible(preview: Result) -> None:
    if not preview.well:
        raise preview.error() or OutOfReach(
            "engine", preview.said(), "mend that, then run it again"
        )
    must_not_patch(preview.patches())


def _settle(engine: Engine, order: Order, failed: Result, before: Ledger) -> Done:
    """After a failure: the ledger says on which side of the point of no return, the shift, it was."""
    _raise_contested(failed)
    name, now = chosen(engine.ledgers(), order.service)
    _raise_stopped(failed, ", ".join(now.live) or "nothing")
    if now.serial != before.serial:
        return _finish(engine, name, now, before)
    return _undo(engine, order, failed, before)


def _finish(engine: Engine, service: str | None, now: Ledger, before: Ledger) -> Done:
    """The traffic has moved; only what is retired was left, and a second update may get rid of it."""
    again = engine.up()
    if again.well:
        return Done(service, before.live, now.live, now.standing)
    live = ", ".join(now.live)
    raise NotUndone(
        service or "service",
        f"{live} has the traffic, but what it replaced could not be removed: {_reason(again)}",
        "mend that, then: rehouse deploy",
        f"{live} is live",
    )


def _undo(engine: Engine, order: Order, failed: Result, before: Ledger) -> Done:
    error = failed.error()
    quarantine = error.what if error and error.exit_code == Undone.exit_code else None
    undo = Order(
        kind="undo", serial=before.serial, service=order.service, reason=_short(quarantine)
    )
    live = ", ".join(before.live) or "nothing"
    where = failed.wanted() or order.service or "rollout"
    undone = engine.up(undo)
    if not undone.well:
        _raise_left(undone, where, live)
        raise NotUndone(
            where,
            f"{_reason(failed)}\nand the undo failed as well: {_reason(undone)}",
            "mend that, then: rehouse deploy; rehouse status shows what stands",
            f"{live} is live and keeps all traffic; something of {where} may still stand",
        )
    _raise_interrupted(failed, live)
    fix = "mend the service or its spec, then: rehouse deploy"
    if quarantine:
        fix += "; the same generation again only with --force"
    raise Undone(where, _reason(failed), fix, f"{live} is live, nothing of {where} is left")


def _raise_contested(failed: Result) -> None:
    """Somebody else has changed the ledger since this was decided: what they did is not ours to finish or undo."""
    error = failed.error()
    if error and error.exit_code == Contested.exit_code:
        raise error


def _raise_stopped(failed: Result, live: str) -> None:
    """There is nothing to undo, or whoever sent a second signal does not want to wait for it."""
    if failed.interrupted and not failed.begun:
        raise Interrupted(
            failed.interrupted, "was interrupted before it began", AGAIN, f"{live} is live"
        )
    if failed.hurried:
        what = "was interrupted twice: it stopped at once, and nothing was undone"
        state = f"{live} is live; something of the new generation may still stand"
        raise Interrupted(failed.interrupted, what, FINISH, state)


def _raise_interrupted(failed: Result, live: str) -> None:
    if failed.interrupted:
        raise Interrupted(
            failed.interrupted, "was interrupted and undone", AGAIN, f"{live} is live"
        )


def _raise_left(undone: Result, where: str, live: str) -> None:
    if undone.interrupted:
        what = "was interrupted while it was undone"
        state = f"{live} is live and keeps all traffic; something of {where} may still stand"
        raise Interrupted(undone.interrupted, what, FINISH, state)


class Interrupted(RehouseError):
    """A signal came; what stands is said."""

    def __init__(self, number: int, what: str, fix: str, state: str) -> None:
        super().__init__("rollout", what, fix, state)
        self.exit_code = 128 + number


def _reason(result: Result) -> str:
    error = result.error()
    return error.what if error else result.said()


def _short(reason: str | None) -> str | None:
    """Its first line: the log of an instance is not for ever."""
    return reason.partition("\n")[0] if reason else None


def _previous(ledger: Ledger) -> str:
    for record in ledger.remembered:
        name = record.generation.name
        if name not in ledger.live and name not in ledger.quarantined:
            return name
    fix = "rehouse history shows what is remembered; name one, or deploy an earlier spec"
    raise Refused("rollback", "no generation was live before this one", fix)


def _done(engine: Engine, service: str | None, before: Ledger) -> Done:
    name, now = chosen(engine.ledgers(), service)
    return Done(name, before.live, now.live, now.standing, now.progress)
