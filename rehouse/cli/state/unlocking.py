"""Takes away locks of which nobody can say whether their process lives; whoever asks must name the holder."""

from collections.abc import Callable, Sequence
from typing import Protocol

from rehouse.cli.state.contest import break_dead
from rehouse.cli.state.locks import Lock, broken
from rehouse.components.errors import Contested, Refused, Wrong

Confirm = Callable[[Sequence[Lock]], str]


class Engine(Protocol):
    """As much of the engine as this needs."""

    def locks(self) -> list[Lock] | None: ...
    def stack_name(self) -> str: ...


def unlock(engine: Engine, holder: Confirm) -> list[Lock]:
    """Those that were taken away; none where nobody held it. *holder* says, like ann@rack1, whose they may be.

    Those of dead processes go unasked. Raises Contested for a process that lives, Wrong for another holder.
    """
    found = engine.locks()
    if found is None:
        what = "its backend keeps to itself who holds it"
        fix = f"see that nobody works on it, then: pulumi cancel --stack {engine.stack_name()}"
        raise Refused(f"stack {engine.stack_name()}", what, fix)
    left = break_dead(found)
    gone = [lock for lock in found if lock not in left]
    if left:
        _must_not_live(left, engine.stack_name())
        _must_be_named(left, holder(left))
    return [*gone, *filter(broken, left)]


def _must_not_live(locks: Sequence[Lock], stack: str) -> None:
    for lock in locks:
        if lock.lives:
            what = f"is held by {lock}, and {lock.doubt}"
            fix = f"wait until it has ended, or end it: kill -INT {lock.pid}"
            raise Contested(f"stack {stack}", what, fix)


def _must_be_named(locks: Sequence[Lock], named: str) -> None:
    for lock in locks:
        if lock.holder != named:
            what = f"is {lock.holder}, not {named or 'nobody'}"
            raise Wrong(
                "holder",
                what,
                f"ask there, then: rehouse unlock --holder {lock.holder}",
                "nothing was touched",
            )
