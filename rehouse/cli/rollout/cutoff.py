"""An update that was cut off before its ledger was written: nothing is in progress, and yet something stands."""

from typing import Any, Protocol

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.rollout import updates
from rehouse.cli.rollout.interrupted import Interruption, interruption_of
from rehouse.cli.rollout.updates import Done, chosen, done, failure_of
from rehouse.cli.state.locks import Lock
from rehouse.components.order import Order

ABORT = "rehouse abort"


class Engine(updates.Engine, Protocol):
    """As much of the engine as it takes to see that."""

    def deployment(self) -> dict[str, Any]: ...
    def locks(self) -> list[Lock] | None: ...


def cut_off(engine: Engine, service: str | None) -> Interruption | None:
    """None where the ledger says what is in progress: then it says what comes next, too."""
    name, ledger = chosen(engine.ledgers(), service)
    if ledger.progress:
        return None
    return interruption_of(name, ledger, engine.deployment(), engine.locks())


def is_half_done(engine: Engine, service: str | None) -> bool:
    """Whether it was cut off after something had begun: to go back then is to go back to what the ledger says."""
    found = cut_off(engine, service)
    return bool(found and found.step)


def go_back(engine: updates.Engine, service: str | None, on_event: OnEvent | None) -> Done:
    """What the ledger does not let stand is gone. Raises what stood in the way."""
    name, before = chosen(engine.ledgers(), service)
    result = engine.up(Order(kind="undo", serial=before.serial, service=name), on_event)
    if result.well:
        return done(result, name, before)
    raise failure_of(result, ABORT, f"{', '.join(before.live) or 'nothing'} is live")
