"""Several who want one stack: a tie is run again, the lock of a dead process is broken, a living holder is named."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from rehouse.cli.output import stderr
from rehouse.cli.state.locks import Lock, broken
from rehouse.components.errors import Contested, OutOfReach

T = TypeVar("T")

TRIES = 6
WAIT = "wait until that has ended; if it never will, and you know why: rehouse unlock"
PAUSE = 0.6  # seconds: longer than the engine looks whether somebody else has come at the same time


class NotBegun(OutOfReach):
    """The engine gave up before it did anything."""


def won(
    attempt: Callable[[], T], locks: Callable[[], list[Lock] | None], stack: Callable[[], str]
) -> T:
    """What *attempt* gives once it has the stack to itself. Raises Contested with the holder's facts.

    Two who come at the same moment see each other's lock, and the engine lets both go: so whoever finds the
    lock gone tries again, after a while of a length of its own. Nothing is waited for that goes on.
    """
    for number in range(1, TRIES):
        try:
            return attempt()
        except (Contested, NotBegun) as error:
            held = _in_the_way(locks, number)
            if held:
                raise _contested(stack(), held) from error
    return attempt()


def settled(read: Callable[[], T], locks: Callable[[], list[Lock] | None]) -> T:
    """What *read* gives, which changes nothing. Raises OutOfReach for what stays so.

    The engine writes a state in several steps, and whoever reads between two of them meets half of it. So it is
    read once more after a moment, and again while somebody holds the stack. *locks* is None where no such thing is.
    """
    for number in range(1, TRIES):
        try:
            return read()
        except OutOfReach:
            held = locks()
            if held is None or (number > 1 and all(lock.is_dead for lock in held)):
                raise
            time.sleep(PAUSE)
    return read()


def break_dead(found: list[Lock]) -> list[Lock]:
    """Takes away those of processes that are provably dead, and says so; what is left lives, or may."""
    dead = [lock for lock in found if lock.is_dead]  # once: what is broken needs no proof any more
    for lock in filter(broken, dead):
        stderr.print(f"broke the lock of {lock}: {lock.proof}", markup=False)
    return [lock for lock in found if lock not in dead]


def _in_the_way(locks: Callable[[], list[Lock] | None], number: int) -> list[Lock]:
    """Those that are there to stay; none where it is worth another try."""
    found = locks() or []
    living = break_dead(found)
    if found and not living:
        return []
    time.sleep(PAUSE * random.uniform(0.7, 1 + number / 2))
    return [lock for lock in locks() or [] if lock in living]


def _contested(stack: str, held: list[Lock]) -> Contested:
    who = ", ".join(f"{lock}; {lock.doubt}" for lock in held)
    return Contested(f"stack {stack}", f"is held by {who}", WAIT)
