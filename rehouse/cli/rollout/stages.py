"""A rollout in several updates: step after step, watched, until it is alone, undone, or waits for a person."""

from collections.abc import Callable
from typing import NoReturn

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.rollout.stage import FINAL, STEPS, Kind, Stage, seconds_since
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
        stage = Stage.now(engine, service, on_event)
        progress = stage.ledger.progress
        _must_be_about(generation, stage)
        generation = progress.generation if progress else generation
        if progress is None or progress.waits:
            return as_it_stands(stage.service, stage.ledger, stage.ledger)
        try:
            _must_keep_to_its_limits(stage, progress, watch)
            stage.take(stage.next)
        except FINAL:
            raise
        except RehouseError as error:
            _give_up(stage, error, keep)


def advance(engine: Engine, service: str | None, on_event: OnEvent | None) -> Done:
    """The next step, whether its time has come or not. Raises as decide does."""
    return decide(engine, service, Stage.now(engine, service, on_event).next, on_event)


def decide(engine: Engine, service: str | None, kind: Kind, on_event: OnEvent | None) -> Done:
    """What a person decides of a rollout in progress.

    Raises Undone where the new generation was not well enough, as follow does, and any other error as it is: the
    rollout then stays where it was.
    """
    stage = Stage.now(engine, service, on_event)
    stage.must_allow(kind)
    try:
        if kind in STEPS:
            _must_be_in_time(stage)
        return stage.take(kind)
    except FINAL:
        raise
    except GateFailed as error:
        _give_up(stage, error)
    except RehouseError as error:
        stage.restore(error)
        raise


def abort(
    engine: Engine,
    service: str | None,
    reason: str | None,
    on_event: OnEvent | None,
    keep: bool = False,
) -> Done:
    """What was live before is live again; with a *reason* the new generation is quarantined. Raises NotUndone."""
    return call_off(Stage.now(engine, service, on_event), reason, keep)


def call_off(stage: Stage, reason: str | None, keep: bool = False) -> Done:
    """As abort does, of a stage that was looked at already."""
    stage.must_allow("abort")
    return stage.undo(reason, keep)


def _must_be_about(generation: str | None, stage: Stage) -> None:
    """Raises Contested where it is neither on its way nor live: what somebody else did is not for us to call done."""
    known = [stage.generation, *stage.ledger.live]
    if generation and generation not in known:
        what = f"somebody else has ended that of {generation}"
        raise Contested("rollout", what, "rehouse history shows what", f"{stage.live} is live")


def _must_keep_to_its_limits(stage: Stage, progress: Progress, watch: Watch) -> None:
    """Till this step is over. Raises GateFailed."""
    left = min(progress.length - seconds_since(progress.since), stage.time_left or 0.0)
    reason = watch(stage.service or "", stage.ledger, max(0.0, left))
    _must_be_in_time(stage)
    if reason:
        raise GateFailed(progress.generation, reason, "mend the service")


def _must_be_in_time(stage: Stage) -> None:
    """Raises GateFailed: an update that has no time left would be stopped before it did anything."""
    progress = stage.ledger.progress
    if progress and not stage.time_left:
        what = f"took longer than rollout.deadline, {progress.rollout.deadline:g} s"
        raise GateFailed(progress.generation, what, "mend the service")


def _give_up(stage: Stage, error: RehouseError, keep: bool = False) -> NoReturn:
    reason = quarantined_for(error)
    now = stage.undo(reason, keep, error.what)
    live = ", ".join(now.live)
    raise undone(stage.generation, error.what, live, reason is not None, keep) from error
