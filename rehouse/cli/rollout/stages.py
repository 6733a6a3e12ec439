"""A rollout in several updates: step after step, watched, until it is alone, undone, or waits for a person."""

from collections.abc import Callable
from typing import NoReturn

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.rollout.moment import FINAL, STEPS, Kind, Moment, seconds_since
from rehouse.cli.rollout.undo import quarantined_for, undone
from rehouse.cli.rollout.updates import Done, Engine, as_it_stands
from rehouse.components.errors import Contested, GateFailed, RehouseError
from rehouse.components.ledger import Ledger
from rehouse.components.progress import Progress

# For so many seconds; why the new generation must go, None where it is well till then.
Watch = Callable[[str, Ledger, float], str | None]


def follow(
    engine: Engine,
    service: str | None,
    watch: Watch,
    on_event: OnEvent | None = None,
    keep: bool = False,
    generation: str | None = None,
) -> Done:
    """Goes on until nothing is in progress, or a person is waited for; then ``progress`` says where it stands.

    Raises Undone where the new generation was not well enough, and what was live before is live again; Contested
    where somebody else has ended the rollout of this *generation*, or of that which was in progress at first.
    """
    while True:
        moment = Moment.now(engine, service, on_event)
        progress = moment.ledger.progress
        _must_be_about(generation, moment)
        generation = progress.generation if progress else generation
        if progress is None or progress.waits:
            return as_it_stands(moment.service, moment.ledger, moment.ledger)
        try:
            _must_keep_to_its_limits(moment, progress, watch)
            moment.take(moment.next)
        except FINAL:
            raise
        except RehouseError as error:
            _give_up(moment, error, keep)


def advance(engine: Engine, service: str | None, on_event: OnEvent | None) -> Done:
    """The next step, whether its time has come or not. Raises as decide does."""
    return decide(engine, service, Moment.now(engine, service, on_event).next, on_event)


def decide(engine: Engine, service: str | None, kind: Kind, on_event: OnEvent | None) -> Done:
    """What a person decides of a rollout in progress.

    Raises Undone where the new generation was not well enough, as follow does, and any other error as it is: the
    rollout then stays where it was.
    """
    moment = Moment.now(engine, service, on_event)
    moment.must_allow(kind)
    try:
        if kind in STEPS:
            _must_be_in_time(moment)
        return moment.take(kind)
    except FINAL:
        raise
    except GateFailed as error:
        _give_up(moment, error)
    except RehouseError as error:
        moment.restore(error)
        raise


def abort(
    engine: Engine,
    service: str | None,
    reason: str | None,
    on_event: OnEvent | None,
    keep: bool = False,
) -> Done:
    """What was live before is live again; with a *reason* the new generation is quarantined. Raises NotUndone."""
    return call_off(Moment.now(engine, service, on_event), reason, keep)


def call_off(moment: Moment, reason: str | None, keep: bool = False) -> Done:
    """As abort does, of a moment that was looked at already."""
    moment.must_allow("abort")
    return moment.undo(reason, keep)


def _must_be_about(generation: str | None, moment: Moment) -> None:
    """Raises Contested where it is neither on its way nor live: what somebody else did is not for us to call done."""
    known = [moment.generation, *moment.ledger.live]
    if generation and generation not in known:
        what = f"somebody else has ended that of {generation}"
        raise Contested("rollout", what, "rehouse history shows what", f"{moment.live} is live")


def _must_keep_to_its_limits(moment: Moment, progress: Progress, watch: Watch) -> None:
    """Till this step is over. Raises GateFailed."""
    left = min(progress.length - seconds_since(progress.since), moment.time_left or 0.0)
    reason = watch(moment.service or "", moment.ledger, max(0.0, left))
    _must_be_in_time(moment)
    if reason:
        raise GateFailed(progress.generation, reason, "mend the service")


def _must_be_in_time(moment: Moment) -> None:
    """Raises GateFailed: an update that has no time left would be stopped before it did anything."""
    progress = moment.ledger.progress
    if progress and not moment.time_left:
        what = f"took longer than rollout.deadline, {progress.rollout.deadline:g} s"
        raise GateFailed(progress.generation, what, "mend the service")


def _give_up(moment: Moment, error: RehouseError, keep: bool = False) -> NoReturn:
    reason = quarantined_for(error)
    now = moment.undo(reason, keep, error.what)
    live = ", ".join(now.live)
    raise undone(moment.generation, error.what, live, reason is not None, keep, error) from error
