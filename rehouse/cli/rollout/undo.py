"""What follows an update that failed: finished where the traffic has moved, undone where it has not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

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
from rehouse.components.errors import Contested, NotUndone, OutOfReach, RehouseError, Undone
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order

FINISH = "rehouse deploy makes live what the spec says; rehouse abort takes back what was begun"
MEND = "mend the service or its spec, then: rehouse deploy"
THEN = "then: rehouse deploy"


@dataclass(frozen=True)
class Failure:
    """An update that failed: what was asked of it, how it ended, and the ledger *before* it."""

    order: Order
    result: Result
    before: Ledger

    @property
    def where(self) -> str:
        """What it was about, as far as it came to say so."""
        wanted = self.result.facts(self.order.service).get("wanted")
        return wanted or self.order.generation or self.order.service or "rollout"

    @property
    def reason(self) -> str:
        return reason_of(self.result)

    @property
    def live(self) -> str:
        return _live(self.before)

    @contextmanager
    def in_reach(self) -> Iterator[None]:
        """What is out of reach now is a second failure, and no longer an update that touched nothing."""
        try:
            yield
        except OutOfReach as error:
            what = f"{self.reason}\nand it could not be undone: {error.where}: {error.what}"
            keeps = f"{self.live} was live before, and who has the traffic keeps it"
            state = f"{keeps}; something of {self.where} may stand"
            raise NotUndone(self.where, what, f"{error.fix}\n{THEN}", state) from error


def settle(
    engine: Engine,
    order: Order,
    failed: Result,
    before: Ledger,
    keep: bool = False,
    on_event: OnEvent | None = None,
) -> Done:
    """The ledger says on which side of the point of no return, the shift, it was.

    Raises Undone, or NotUndone, Interrupted and Contested, and what went wrong where nothing was touched; returns
    where the traffic had moved already.
    """
    raise_contested(failed)
    failure = Failure(order, failed, before)
    with failure.in_reach():
        name, now = known_or_new(engine.ledgers(), order.service)
    raise_stopped(failed, _live(now), FINISH)
    came_to_it = failed.facts(name) or not order.needs_spec
    if not came_to_it or (now.serial == before.serial and not failed.touched):
        raise failure_of(failed, AGAIN, f"nothing has changed; {_live(now)} is live")
    with failure.in_reach():
        if now.serial == before.serial:
            _undo(engine, failure, keep, on_event)
        return finish(engine, name, now, before, on_event)


def finish(
    engine: Engine, service: str | None, now: Ledger, before: Ledger, on_event: OnEvent | None
) -> Done:
    """The traffic has moved; only what is retired was left, and a second update may get rid of it."""
    again = engine.up(Order(kind="retire", serial=now.serial, service=service), on_event)
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


def undone(
    where: str, reason: str, live: str, quarantined: bool, keep: bool, error: RehouseError | None
) -> Undone:
    fix = _fix_of(error)
    if quarantined:
        fix += "; the same generation again only with --force"
    left = f"nothing of {where} is left"
    if keep and quarantined:
        left = f"{where} stands without traffic, to be looked at, until the next deploy"
    return Undone(where, reason, fix, f"{live} is live, {left}")


def _fix_of(error: RehouseError | None) -> str:
    """What failed for another reason than the service knows the way out best."""
    return f"{error.fix}\n{THEN}" if error and not quarantined_for(error) else MEND


def _undo(engine: Engine, failure: Failure, keep: bool, on_event: OnEvent | None) -> NoReturn:
    reason, failed = quarantined_for(failure.result.error()), failure.result
    result = _declared_undone(engine, failure, reason, keep, on_event)
    if reason and not result.well and not result.interrupted:
        # What failed cannot be made out again, perhaps for want of a secret: what was live matters more.
        again = as_it_is(failure.before, failure.order.service)
        reason, result = None, engine.up(again, on_event)
    if not result.well:
        _raise_left(failure, result)
    if failed.interrupted:
        what, state = "was interrupted and undone", f"{failure.live} is live"
        raise Interrupted(failed.interrupted, what, AGAIN, state)
    quarantined = reason is not None
    raise undone(failure.where, failure.reason, failure.live, quarantined, keep, failed.error())


def _declared_undone(
    engine: Engine, failure: Failure, reason: str | None, keep: bool, on_event: OnEvent | None
) -> Result:
    """Raises Contested where somebody else was faster, beside what failed."""
    order = Order(
        kind="undo",
        serial=failure.before.serial,
        service=failure.order.service,
        generation=failure.order.generation,
        reason=reason,
        keep=keep,
    )
    try:
        result = engine.up(order, on_event)
        raise_contested(result)
    except Contested as error:
        what = f"{failure.reason}\nand it is not undone: {error.what}"
        now = error.state or "rehouse status shows what is live"
        state = f"{now}; something of {failure.where} may stand"
        raise Contested(failure.where, what, f"{error.fix}\n{THEN}", state) from error
    return result


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


def _raise_left(failure: Failure, undo: Result) -> NoReturn:
    keeps = f"{failure.live} is live and keeps all traffic"
    state = f"{keeps}; something of {failure.where} may still stand"
    if undo.interrupted:
        raise Interrupted(undo.interrupted, "was interrupted while it was undone", FINISH, state)
    what = f"{failure.reason}\nand the undo failed as well: {reason_of(undo)}"
    fix = "mend that, then: rehouse deploy; rehouse status shows what stands"
    raise NotUndone(failure.where, what, fix, state)


def _live(ledger: Ledger) -> str:
    return ", ".join(ledger.live) or "nothing"
