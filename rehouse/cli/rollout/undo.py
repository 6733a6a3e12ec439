"""What follows an update that failed: finished where the traffic has moved, undone where it has not."""

from collections.abc import Iterator
from contextlib import contextmanager

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.rollout.updates import (
    AGAIN,
    Done,
    Engine,
    Interrupted,
    Result,
    failure_of,
    known_or_new,
    reason_of,
)
from rehouse.components.errors import Contested, NotUndone, OutOfReach, Undone
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order

FINISH = "rehouse deploy: it finishes what the spec says, or goes back to what it said"
MEND = "mend the service or its spec, then: rehouse deploy"


def settle(
    engine: Engine,
    order: Order,
    failed: Result,
    before: Ledger,
    keep: bool = False,
    on_event: OnEvent | None = None,
) -> Done:
    """The ledger says on which side of the point of no return, the shift, it was.

    Raises Undone, or NotUndone, Interrupted and Contested; returns where the traffic had moved already.
    """
    raise_contested(failed)
    with _in_reach(order, failed, before):
        name, now = known_or_new(engine.ledgers(), order.service)
    raise_stopped(failed, _live(now), FINISH)
    came_to_it = failed.facts(name) or not order.needs_spec
    if not came_to_it or (now.serial == before.serial and not failed.touched):
        raise failure_of(failed, AGAIN, f"nothing has changed; {_live(now)} is live")
    with _in_reach(order, failed, before):
        if now.serial != before.serial:
            return finish(engine, name, now, before, on_event)
        return _undo(engine, order, failed, before, keep, on_event)


def finish(
    engine: Engine, service: str | None, now: Ledger, before: Ledger, on_event: OnEvent | None
) -> Done:
    """The traffic has moved; only what is retired was left, and a second update may get rid of it."""
    again = engine.up(as_it_is(now, service), on_event)
    if again.well:
        return Done(service, before.live, now.live, now.standing, now.progress, now.maintenance)
    live = _live(now)
    raise NotUndone(
        service or "service",
        f"{live} has the traffic, but what it replaced could not be removed: {reason_of(again)}",
        "mend that, then: rehouse deploy",
        f"{live} is live",
    )


def as_it_is(ledger: Ledger, service: str | None) -> Order:
    """Declares what the ledger says, whatever the spec says meanwhile."""
    return Order(kind="undo", serial=ledger.serial, service=service)


def quarantined_for(error: Exception | None) -> str | None:
    """The first line of why it was not well enough: the log of an instance is not for ever. None for other reasons."""
    if getattr(error, "exit_code", None) != Undone.exit_code:
        return None
    return str(getattr(error, "what", error)).partition("\n")[0]


def undone(where: str, reason: str, live: str, quarantined: bool, keep: bool) -> Undone:
    fix = MEND
    if quarantined:
        fix += "; the same generation again only with --force"
    left = f"nothing of {where} is left"
    if keep and quarantined:
        left = f"{where} stands without traffic, to be looked at, until the next deploy"
    return Undone(where, reason, fix, f"{live} is live, {left}")


@contextmanager
def _in_reach(order: Order, failed: Result, before: Ledger) -> Iterator[None]:
    """What is out of reach now is a second failure, and no longer an update that touched nothing."""
    try:
        yield
    except OutOfReach as error:
        raise _stranded(order, failed, before, error) from error


def _stranded(order: Order, failed: Result, before: Ledger, error: OutOfReach) -> NotUndone:
    """Nobody could look what came of it, or write down what is to be."""
    where = (
        failed.facts(order.service).get("wanted") or order.generation or order.service or "rollout"
    )
    what = f"{reason_of(failed)}\nand it could not be undone: {error.where}: {error.what}"
    state = f"{_live(before)} was live before, and who has the traffic keeps it; something of {where} may stand"
    return NotUndone(where, what, f"{error.fix}\nthen: rehouse deploy", state)


def _undo(
    engine: Engine,
    order: Order,
    failed: Result,
    before: Ledger,
    keep: bool,
    on_event: OnEvent | None,
) -> Done:
    reason = quarantined_for(failed.error())
    order = Order(
        kind="undo",
        serial=before.serial,
        service=order.service,
        generation=order.generation,
        reason=reason,
        keep=keep,
    )
    where = (
        failed.facts(order.service).get("wanted") or order.generation or order.service or "rollout"
    )
    try:
        result = engine.up(order, on_event)
        raise_contested(result)
    except Contested as error:
        what = f"{reason_of(failed)}\nand it is not undone: {error.what}"
        state = (
            f"{error.state or 'rehouse status shows what is live'}; something of {where} may stand"
        )
        raise Contested(where, what, f"{error.fix}\nthen: rehouse deploy", state) from error
    if reason and not result.well and not result.interrupted:
        # What failed cannot be made out again, perhaps for want of a secret: what was live matters more.
        reason, result = None, engine.up(as_it_is(before, order.service), on_event)
    if not result.well:
        _raise_left(failed, result, where, _live(before))
    if failed.interrupted:
        what, state = "was interrupted and undone", f"{_live(before)} is live"
        raise Interrupted(failed.interrupted, what, AGAIN, state)
    raise undone(where, reason_of(failed), _live(before), reason is not None, keep)


def raise_contested(failed: Result) -> None:
    """Somebody else has changed the ledger since this was decided: what they did is not ours to finish or undo."""
    error = failed.error()
    if error and error.exit_code == Contested.exit_code:
        raise error


def raise_stopped(failed: Result, live: str, fix: str) -> None:
    """There is nothing to undo, or whoever sent a second signal does not want to wait for it."""
    if failed.interrupted and not failed.begun:
        what = "was interrupted before it began"
        raise Interrupted(failed.interrupted, what, AGAIN, f"{live} is live")
    if failed.hurried:
        what = "was interrupted twice: it stopped at once, and nothing was undone"
        state = f"{live} is live; something of the new generation may still stand"
        raise Interrupted(failed.interrupted, what, fix, state)


def _raise_left(failed: Result, undo: Result, where: str, live: str) -> None:
    state = f"{live} is live and keeps all traffic; something of {where} may still stand"
    if undo.interrupted:
        raise Interrupted(undo.interrupted, "was interrupted while it was undone", FINISH, state)
    what = f"{reason_of(failed)}\nand the undo failed as well: {reason_of(undo)}"
    raise NotUndone(
        where, what, "mend that, then: rehouse deploy; rehouse status shows what stands", state
    )


def _live(ledger: Ledger) -> str:
    return ", ".join(ledger.live) or "nothing"
