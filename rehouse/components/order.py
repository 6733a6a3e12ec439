"""What a command asks of the next update, in place of the replacement that a plain update does. Pure."""

import os
from collections.abc import Mapping
from typing import Literal, Self

from rehouse.components.errors import Contested
from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger
from rehouse.components.spec import Part

VARIABLE = "REHOUSE_ORDER"

Kind = Literal["deploy", "rollback", "undo"]


class Order(Part):
    """One step for one service. It carries names and reasons, and never a value: it travels in the environment.

    *serial* is that of the ledger on which the order was decided. ``deploy`` raises what the spec says, also
    where it is quarantined if *force* is set. ``rollback`` goes back to the remembered *generation*, and
    quarantines what it leaves with the *reason*. ``undo`` declares what was live; with a *reason* what the
    spec says is quarantined, without one it may be tried again.
    """

    kind: Kind
    serial: int
    service: str | None = None  # all of them, where it is not given
    generation: str | None = None
    reason: str | None = None
    force: bool = False

    @classmethod
    def given(cls, service: str, environment: Mapping[str, str] = os.environ) -> Self | None:
        """The order for this service, None where a person runs the engine by hand."""
        text = environment.get(VARIABLE)
        order = cls.model_validate_json(text) if text else None
        return order if order and order.service in (None, service) else None

    @property
    def needs_spec(self) -> bool:
        """Whether it is about what the spec says; if not, its image need not be found."""
        return self.kind == "deploy" or (self.kind == "undo" and self.reason is not None)


def next_ledger(
    last: Ledger, wanted: Generation | None, order: Order | None, who: str, when: str
) -> Ledger:
    """The ledger that the update declares: *last* itself, where nothing is to be done.

    *wanted* is what the spec says, None where the order does not need it. Raises Contested where somebody
    else has changed the ledger since the order was given, and Refused where what is asked for must not be.
    """
    if order and order.serial != last.serial:
        what = f"somebody else has changed it: serial number {last.serial}, not {order.serial}"
        raise Contested("ledger", what, "look at rehouse status, then run it again")
    if wanted is None:
        return _without_spec(order, last, who, when)
    if order is None:
        return last if wanted.name in last.quarantined else last.deployed(wanted, who, when)
    if order.kind == "undo":
        return last.failed(wanted, order.reason or "failed", who, when)
    if order.force and wanted.name in last.quarantined:
        return last.released(wanted.name).deployed(wanted, who, when)
    return last.deployed(wanted, who, when)


def _without_spec(order: Order | None, last: Ledger, who: str, when: str) -> Ledger:
    if order and order.kind == "rollback":
        return last.rolled_back(order.generation or "", order.reason or "rolled back", who, when)
    return last
