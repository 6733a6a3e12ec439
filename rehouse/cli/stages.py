"""A rollout in several updates: step after step, watched, until it is alone, undone, or waits for a person."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.rollout import Done, Engine, chosen, failure_of
from rehouse.components.errors import NotUndone, Undone
from rehouse.components.ledger import Ledger, Progress
from rehouse.components.order import Order
from rehouse.components.spec import Rollout

Kind = Literal["advance", "hold", "release", "finish", "abort"]

# For so many seconds; why the new generation must go, None where it is well till then.
Watch = Callable[[str, Ledger, float], str | None]


def follow(engine: Engine, service: str | None, watch: Watch, on_event: OnEvent | None) -> Done:
    """Goes on until nothing is in progress, or a person is waited for; then ``progress`` says where it stands.

    Raises Undone where the new generation was not well enough, and what was live before is live again.
    """
    while True:
        name, ledger = chosen(engine.ledgers(), service)
        progress, rest = ledger.progress, time_left(ledger)
        if name is None or progress is None or rest is None:
            return Done(name, _before(progress), ledger.live, ledger.standing, progress)
        if reason := _too_late(ledger) or watch(name, ledger, rest):
            abort(engine, name, reason, on_event)
            raise _undone(progress, reason)
        take(engine, service, "finish" if progress.bakes else "advance", on_event)


def advance(engine: Engine, service: str | None, on_event: OnEvent | None) -> Done:
    """The next step, whether its time has come or not."""
    _, ledger = chosen(engine.ledgers(), service)
    bakes = ledger.progress is not None and ledger.progress.bakes
    return take(engine, service, "finish" if bakes else "advance", on_event)


def take(
    engine: Engine, service: str | None, kind: Kind, on_event: OnEvent | None, reason: str = ""
) -> Done:
    """One step more, or one decision of a person. Raises what went wrong; the rollout then stays where it was."""
    name, ledger = chosen(engine.ledgers(), service)
    order = Order(kind=kind, serial=ledger.serial, service=name, reason=reason or None)
    result = engine.up(order, on_event)
    if not result.well:
        raise failure_of(result, f"the step was not taken; {', '.join(ledger.live)} is live")
    _, now = chosen(engine.ledgers(), service)
    return Done(name, ledger.live, now.live, now.standing, now.progress)


def abort(engine: Engine, service: str | None, reason: str, on_event: OnEvent | None) -> Done:
    """What was live before is live again, and the new generation is quarantined. Raises NotUndone."""
    _, ledger = chosen(engine.ledgers(), service)
    try:
        return take(engine, service, "abort", on_event, reason)
    except NotUndone:
        raise
    except Exception as error:
        if ledger.progress is None:
            raise
        where, live = ledger.progress.generation, ", ".join(ledger.live)
        fix = "mend that, then: rehouse abort"
        raise NotUndone(where, f"{reason}\nand could not be undone: {error}", fix, live) from error


def time_left(ledger: Ledger) -> float | None:
    """Seconds until the next step; None where only a person can take it, or nothing is in progress."""
    progress = ledger.progress
    if progress is None or progress.held:
        return None
    rollout = rollout_of(ledger)
    length = rollout.bake if progress.bakes else rollout.pause
    return None if length is None else max(0.0, length - _seconds_since(progress.since))


def rollout_of(ledger: Ledger) -> Rollout:
    """How the generation in progress wants to be rolled out."""
    name = ledger.progress.generation if ledger.progress else ""
    found = [each for each in ledger.standing_generations() if each.name == name]
    return found[0].spec.rollout if found else Rollout()


def _too_late(ledger: Ledger) -> str | None:
    if (
        ledger.progress is None
        or _seconds_since(ledger.progress.began) < rollout_of(ledger).deadline
    ):
        return None
    return f"took longer than rollout.deadline, {rollout_of(ledger).deadline:g} s"


def _seconds_since(when: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(when)).total_seconds()


def _before(progress: Progress | None) -> tuple[str, ...]:
    return tuple(progress.before) if progress else ()


def _undone(progress: Progress, reason: str) -> Undone:
    live = ", ".join(progress.before)
    fix = "mend the service, then: rehouse deploy; the same generation again only with --force"
    return Undone(
        progress.generation, reason, fix, f"{live} is live, nothing of the new one is left"
    )
