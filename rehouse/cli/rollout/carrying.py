"""A rollout in progress, carried on by whichever command was called."""

import time
from collections.abc import Callable
from dataclasses import replace

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.reality.inventory import shift_of
from rehouse.cli.rollout.hooked import Engine
from rehouse.cli.rollout.stages import follow
from rehouse.cli.rollout.updates import STAYS, Done, Interrupted
from rehouse.cli.rollout.watch import watcher
from rehouse.cli.signals import SIGNALS
from rehouse.components.errors import Contested
from rehouse.components.ledger import Ledger

LOOK = 5  # seconds between two looks whether somebody else goes on with it: each costs a process


def carried_on(engine: Engine, done: Done, on_event: OnEvent | None, keep: bool = False) -> Done:
    """To its end, or to where a person is waited for. What *done* says was before, was before."""
    if done.progress is None:
        return done
    watch = watcher(
        lambda service: shift_of(service, engine.resources()), _attention(engine), on_event
    )
    last = follow(engine, done.service, watch, on_event, keep, done.progress.generation)
    return replace(last, before=done.before)


def _attention(engine: Engine) -> Callable[[str, Ledger], None]:
    """Raises between two steps where the command has to end: nothing is lost by waiting, the ledger knows all."""
    looked = time.monotonic()

    def heed(service: str, ledger: Ledger) -> None:
        nonlocal looked
        if SIGNALS.first:
            state = "both generations stand, the traffic is shared as it was: rehouse status"
            raise Interrupted(SIGNALS.first, "was interrupted between two steps", STAYS, state)
        if time.monotonic() - looked > LOOK:
            looked = time.monotonic()
            _must_be_ours(engine.ledgers().get(service, Ledger()), ledger)

    return heed


def _must_be_ours(now: Ledger, then: Ledger) -> None:
    if now.serial != then.serial:
        live = ", ".join(now.live) or "nothing"
        fix = "rehouse status shows what it is about"
        raise Contested("rollout", "somebody else goes on with it", fix, f"{live} is live")
