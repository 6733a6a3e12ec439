"""A rollout in progress, carried on by whichever command was called."""

from rehouse.cli.engine import Engine
from rehouse.cli.eventlog import OnEvent
from rehouse.cli.inventory import shift_of
from rehouse.cli.signals import SIGNALS
from rehouse.cli.stages import follow
from rehouse.cli.updates import STAYS, Done, Interrupted
from rehouse.cli.watch import watcher


def carried_on(engine: Engine, done: Done, on_event: OnEvent | None, keep: bool = False) -> Done:
    """To its end, or to where a person is waited for. What *done* says was before, was before."""
    if done.progress is None:
        return done
    watch = watcher(lambda service: shift_of(service, engine.resources()), _heed)
    last = follow(engine, done.service, watch, on_event, keep)
    return Done(last.service, done.before, last.live, last.standing, last.progress)


def _heed() -> None:
    """Between two steps a signal ends the command and not the rollout: nothing is lost by waiting."""
    if SIGNALS.pending:
        state = "both generations stand, the traffic is shared as it was: rehouse status"
        raise Interrupted(SIGNALS.pending, "was interrupted between two steps", STAYS, state)
