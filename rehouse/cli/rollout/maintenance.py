"""Users are turned away by the router, or let in again; the instances run on."""

from dataclasses import dataclass

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.rollout.updates import AGAIN, Engine, chosen, failure_of, foreseen
from rehouse.components.order import Order


@dataclass(frozen=True)
class Maintained:
    """Whether it is in maintenance, and whether that has changed."""

    service: str | None
    maintenance: bool
    changed: bool
    live: tuple[str, ...]


def maintain(engine: Engine, service: str | None, on: bool, on_event: OnEvent | None) -> Maintained:
    """One update, which changes only the router. Raises Refused where nothing was deployed yet."""
    name, ledger = chosen(engine.ledgers(), service)
    if ledger.maintained(on) is ledger:
        return Maintained(name, on, False, ledger.live)
    order = Order(kind="close" if on else "open", serial=ledger.serial, service=name)
    foreseen(ledger, order)
    result = engine.up(order, on_event)
    if not result.well:
        raise failure_of(result, AGAIN, f"{', '.join(ledger.live) or 'nothing'} is live")
    return Maintained(name, on, True, ledger.live)
