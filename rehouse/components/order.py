"""What a command asks of the next update, in place of the replacement that a plain update does. Pure."""

import os
from collections.abc import Collection, Mapping
from typing import Literal, Self

from rehouse.components.errors import Contested, Refused, Wrong
from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger
from rehouse.components.spec import Part, Rollout, ServiceSpec
from rehouse.components.wishes import Wishes, overridden

VARIABLE = "REHOUSE_ORDER"

Kind = Literal[
    "deploy",
    "advance",
    "hold",
    "release",
    "finish",
    "abort",
    "rollback",
    "undo",
    "retire",
    "repair",
    "keep",
    "close",
    "open",
]


class Order(Part):
    """One step for one service. It carries names and reasons, and never a value: it travels in the environment.

    *serial* is that of the ledger on which the order was decided; None only where a preview shall tell which
    that is, or nothing is to change. ``deploy`` raises what the spec says, also
    where it is quarantined if *force* is set, in the steps of the spec or of *wishes*, if it has several; it must
    make what is *expected*, by key of the configuration: target or replicas. ``advance``, ``hold``, ``release``,
    ``finish`` and ``abort`` are what follows. ``rollback`` goes back to
    the remembered *generation*, and quarantines what it leaves with the *reason*. ``undo`` declares what was
    live; what failed is what the spec says, or the *generation* that should have come back. After ``undo``
    and ``abort`` with a *reason* what failed is quarantined, and stands to be looked at if *keep* is set;
    without one it may be tried again. ``close`` and ``open`` begin and end maintenance.
    ``retire`` and ``repair`` declare what the ledger says: the rest of a replacement whose traffic has moved, or what
    is gone again. ``keep`` leaves a service as it is, because the update is about another one of the stack.
    """

    kind: Kind
    serial: int | None
    service: str | None = None  # all of them, where it is not given
    generation: str | None = None
    reason: str | None = None
    force: bool = False
    keep: bool = False
    wishes: Wishes = {}
    expected: dict[str, str | int] = {}

    @classmethod
    def given(cls, service: str, environment: Mapping[str, str] = os.environ) -> Self | None:
        """The order for this service, None where a person runs the engine by hand.

        One for another service of the stack leaves this one as it is.
        """
        text = environment.get(VARIABLE)
        order = cls.model_validate_json(text) if text else None
        if order and order.service not in (None, service):
            return cls(kind="keep", serial=None, service=service)
        return order

    @property
    def needs_spec(self) -> bool:
        """Whether it is about what the spec says; if not, its image need not be found."""
        if self.kind == "undo":
            return self.reason is not None and self.generation is None
        return self.kind == "deploy"


def next_ledger(
    last: Ledger, wanted: Generation | None, order: Order | None, who: str, when: str
) -> Ledger:
    """The ledger that the update declares: *last* itself, where nothing is to be done.

    *wanted* is what the spec says, None where the order does not need it. Raises Contested where somebody
    else has changed the ledger since the order was given, and Refused where what is asked for must not be.
    """
    if order and order.serial not in (None, last.serial):
        what = f"somebody else has changed it: serial number {last.serial}, not {order.serial}"
        raise Contested(
            "ledger", what + _by_whom(last), "look at rehouse status, then run it again"
        )
    if wanted is None:
        return _without_spec(order, last, who, when)
    if order is None:
        return _by_hand(last, wanted, who, when)
    if order.kind == "undo":
        return last.failed(wanted, order.reason or "failed", who, when, order.keep)
    _must_not_progress(last)
    free = last.released(wanted.name) if order.force and wanted.name in last.quarantined else last
    rollout = overridden(wanted.spec.rollout, order.wishes)
    if takes_steps(rollout, wanted, last.live):
        return free.begun(wanted, rollout, who, when)
    return free.deployed(wanted, who, when)


def must_make(order: Order | None, spec: ServiceSpec, target: str) -> None:
    """Raises Wrong where the order expects otherwise: a program of somebody's own may do without a key."""
    made = {"target": target, "replicas": spec.replicas}
    for key, value in order.expected.items() if order else ():
        if made[key] != value:
            what = f"is {value}, and the program makes {made[key]}: it does not read the key"
            fix = f"give it to Service in the program: {key}=… (rehouse init writes one that does)"
            raise Wrong(f"configuration key {key}", what, fix)


def must_be_meant_to_go(service: str, environment: Mapping[str, str] = os.environ) -> None:
    """Raises Refused where a command changes something else, and the program declares the service no more."""
    text = environment.get(VARIABLE)
    order = Order.model_validate_json(text) if text else None
    if order and (order.kind not in ("undo", "abort") or order.service not in (None, service)):
        what = "would be deleted: the program declares it no more, or its first deploy was cut off"
        fix = f"declare it, and: rehouse deploy {service}; to delete it: pulumi up"
        raise Refused(f"service {service}", what, fix, "it has its traffic still")


def takes_steps(rollout: Rollout, wanted: Generation, live: Collection[str]) -> bool:
    """It is asked for, and there is something to compare with."""
    steps = rollout.shares(wanted.spec.replicas) or rollout.bake
    return bool(steps and live and wanted.name not in live)


def _by_whom(last: Ledger) -> str:
    """Who raised something last; a shift alone has no name to it."""
    newest = next(iter(last.remembered), None)
    return f"; {newest.who} raised {newest.generation.name} at {newest.when}" if newest else ""


def _by_hand(last: Ledger, wanted: Generation, who: str, when: str) -> Ledger:
    """A plain update: the whole replacement at once, unless a command has decided otherwise."""
    if last.progress and wanted.name == last.progress.generation:
        return last
    _must_not_progress(last)
    return last if wanted.name in last.quarantined else last.deployed(wanted, who, when)


def _without_spec(order: Order | None, last: Ledger, who: str, when: str) -> Ledger:
    match order and order.kind:
        case "advance":
            return last.advanced(when)
        case "hold" | "release":
            return last.held(order is not None and order.kind == "hold", when)
        case "finish":
            return last.finished()
        case "close" | "open":
            return last.maintained(order is not None and order.kind == "close")
    return _back(order, last, who, when) if order else last


def _back(order: Order, last: Ledger, who: str, when: str) -> Ledger:
    name = order.generation or ""
    match order.kind:
        case "abort":
            return last.aborted(order.reason, order.keep)
        case "undo" if name and order.reason:
            failed = last.remembered_as(name)
            return last.failed(failed, order.reason, who, when, order.keep)
        case "rollback":
            _must_not_progress(last)
            return last.rolled_back(name, order.reason or "rolled back", who, when)
    return last


def _must_not_progress(last: Ledger) -> None:
    if last.progress:
        what = f"the rollout of {last.progress.generation} is in progress"
        fix = "rehouse resume goes on with it, rehouse promote takes its next step, rehouse abort undoes it"
        raise Contested("ledger", what, fix, f"it has {last.progress.share} % of the traffic")
