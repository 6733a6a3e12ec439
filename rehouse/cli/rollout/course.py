"""The course of a rollout, foretold: one ledger after the other, and what each step of it does."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger
from rehouse.components.order import takes_steps
from rehouse.components.progress import Progress
from rehouse.components.spec import Rollout

WHO, WHEN = "nobody", "2000-01-01T00:00:00+00:00"  # of ledgers that are never kept


@dataclass(frozen=True)
class Stage:
    """One step: raise, prove, shift, bake or retire; *lasts* as a spec writes it, or ``promote``."""

    step: str
    share: int | None = None  # percent of the traffic
    lasts: str | None = None
    names: tuple[str, ...] = ()  # instances


def course(before: Ledger, wanted: Generation, rollout: Rollout) -> list[Stage]:
    """In the order of events; nothing where the generation is live, alone."""
    found: list[Stage] = []
    last = before
    for ledger in _ledgers(before, wanted, rollout):
        found += _between(last, ledger, wanted)
        last = ledger
    return found


def _ledgers(before: Ledger, wanted: Generation, rollout: Rollout) -> Iterator[Ledger]:
    free = before.released(wanted.name) if wanted.name in before.quarantined else before
    if not takes_steps(rollout, wanted, before.live):
        yield free.deployed(wanted, WHO, WHEN)
        return
    ledger = free.begun(wanted, rollout, WHO, WHEN)
    yield ledger
    while ledger.progress:
        ledger = ledger.finished() if ledger.progress.is_last else ledger.advanced(WHEN)
        yield ledger


def _between(last: Ledger, ledger: Ledger, wanted: Generation) -> list[Stage]:
    """What one update does: raise, prove, shift, retire."""
    was, now = _instances(last), _instances(ledger)
    raised = tuple(name for name in now if name not in was)
    retired = tuple(name for name in was if name not in now)
    share = ledger.standing.get(wanted.name, 0)
    found = [Stage("raise", names=raised), Stage("prove", lasts=_within(wanted))] if raised else []
    if share != last.standing.get(wanted.name, 0):
        found.append(Stage("shift", share=share))
    if retired:
        found.append(Stage("retire", names=retired))
    return _lasting(found, ledger.progress)


def _lasting(found: list[Stage], progress: Progress | None) -> list[Stage]:
    """The last of the stages is what a pause follows."""
    if progress is None or not found:
        return found
    if progress.bakes:
        return [*found, Stage("bake", lasts=_length(progress))]
    return [*found[:-1], replace(found[-1], lasts=_length(progress))]


def _length(progress: Progress) -> str | None:
    key = "bake" if progress.bakes else "pause"
    written = str(progress.rollout.model_dump(mode="json")[key])
    return None if written == "0s" else written


def _instances(ledger: Ledger) -> list[str]:
    return [
        f"{each.name}-{number}"
        for each in ledger.standing_generations()
        for number in range(ledger.instances_of(each))
    ]


def _within(wanted: Generation) -> str:
    return str(wanted.spec.health.model_dump(mode="json")["within"])
