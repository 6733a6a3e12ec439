"""A rollout in several updates: step after step, watched, until it is alone, undone, or waits for a person."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, NoReturn

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.undo import finish, quarantined_for, raise_contested, undone
from rehouse.cli.updates import (
    STAYS,
    Done,
    Engine,
    Interrupted,
    chosen,
    done,
    failure_of,
    must_be_possible,
)
from rehouse.components.errors import Contested, GateFailed, NotUndone, RehouseError
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order
from rehouse.components.progress import Progress

Kind = Literal["advance", "hold", "release", "finish", "abort"]

# For so many seconds; why the new generation must go, None where it is well till then.
Watch = Callable[[str, Ledger, float], str | None]


def follow(
    engine: Engine,
    service: str | None,
    watch: Watch,
    on_event: OnEvent | None = None,
    keep: bool = False,
) -> Done:
    """Goes on until nothing is in progress, or a person is waited for; then ``progress`` says where it stands.

    Raises Undone where the new generation was not well enough, and what was live before is live again.
    """
    while True:
        name, ledger = chosen(engine.ledgers(), service)
        progress = ledger.progress
        if name is None or progress is None or progress.waits:
            return done(engine, name, ledger)
        try:
            _must_keep_to_its_limits(name, ledger, progress, watch)
            _take(engine, name, ledger, _next(progress), on_event)
        except (Interrupted, Contested, NotUndone):
            raise
        except RehouseError as error:
            _give_up(engine, name, ledger, progress, error, on_event, keep)


def advance(engine: Engine, service: str | None, on_event: OnEvent | None) -> Done:
    """The next step, whether its time has come or not. Raises as decide does."""
    _, ledger = chosen(engine.ledgers(), service)
    kind: Kind = _next(ledger.progress) if ledger.progress else "advance"
    return decide(engine, service, kind, on_event)


def decide(engine: Engine, service: str | None, kind: Kind, on_event: OnEvent | None) -> Done:
    """What a person decides of a rollout in progress. Raises what went wrong; it then stays where it was.

    Raises Refused where the update would change what runs in place: another version of this tool began it.
    """
    name, ledger = chosen(engine.ledgers(), service)
    must_be_possible(engine, Order(kind=kind, serial=ledger.serial, service=name))
    return _take(engine, name, ledger, kind, on_event)


def _take(
    engine: Engine,
    name: str | None,
    ledger: Ledger,
    kind: Kind,
    on_event: OnEvent | None,
    reason: str | None = None,
    keep: bool = False,
) -> Done:
    order = Order(kind=kind, serial=ledger.serial, service=name, reason=reason, keep=keep)
    seconds = None if kind == "abort" else time_left(ledger.progress)
    result = engine.up(order, on_event, seconds)
    if result.well:
        return done(engine, name, ledger)
    raise_contested(result)
    _, now = chosen(engine.ledgers(), name)
    if now.serial != ledger.serial and not result.interrupted:
        return finish(engine, name, now, ledger, on_event)
    raise failure_of(result, STAYS, f"{', '.join(now.live) or 'nothing'} is live")


def abort(
    engine: Engine,
    service: str | None,
    reason: str | None,
    on_event: OnEvent | None,
    keep: bool = False,
) -> Done:
    """What was live before is live again; with a *reason* the new generation is quarantined.

    Raises NotUndone, and Refused as decide does.
    """
    name, ledger = chosen(engine.ledgers(), service)
    must_be_possible(engine, Order(kind="abort", serial=ledger.serial, service=name))
    return _undo(engine, name, ledger, reason, on_event, keep)


def _undo(
    engine: Engine,
    service: str | None,
    ledger: Ledger,
    reason: str | None,
    on_event: OnEvent | None,
    keep: bool,
) -> Done:
    try:
        return _take(engine, service, ledger, "abort", on_event, reason, keep)
    except (Interrupted, Contested, NotUndone):
        raise
    except RehouseError as error:
        if ledger.progress is None:
            raise
        what = f"{reason or 'the rollout'}\ncould not be undone: {error.what}"
        fix, state = "mend that, then: rehouse abort", f"{', '.join(ledger.live)} is live"
        raise NotUndone(ledger.progress.generation, what, fix, state) from error


def time_left(progress: Progress | None) -> float | None:
    """Seconds until the whole rollout has taken too long; what a person was waited for does not count."""
    if progress is None:
        return None
    return max(0.0, progress.rollout.deadline - _seconds_since(progress.began))


def _next(progress: Progress) -> Kind:
    return "finish" if progress.is_last else "advance"


def _must_keep_to_its_limits(name: str, ledger: Ledger, progress: Progress, watch: Watch) -> None:
    """Till this step is over. Raises GateFailed."""
    if not time_left(progress):
        reason: str | None = f"took longer than rollout.deadline, {progress.rollout.deadline:g} s"
    else:
        reason = watch(name, ledger, max(0.0, progress.length - _seconds_since(progress.since)))
    if reason:
        raise GateFailed(progress.generation, reason, "mend the service")


def _give_up(
    engine: Engine,
    service: str,
    ledger: Ledger,
    progress: Progress,
    error: RehouseError,
    on_event: OnEvent | None,
    keep: bool,
) -> NoReturn:
    reason = quarantined_for(error)
    _undo(engine, service, ledger, reason, on_event, keep)
    live = ", ".join(progress.before)
    raise undone(progress.generation, error.what, live, reason is not None, keep) from error


def _seconds_since(when: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(when)).total_seconds()
