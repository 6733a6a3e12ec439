"""Who is changing a stack, and what was cut off in the middle of it."""

from collections.abc import Iterable
from typing import Any

from rehouse.cli.output import stdout
from rehouse.cli.rollout.interrupted import Interruption
from rehouse.cli.state.contest import WAIT
from rehouse.cli.state.locks import Lock


def work_of(locks: Iterable[Lock], cut: Interruption | None) -> dict[str, Any]:
    return {
        "holders": [_told(each) for each in _holding(locks)],
        "interrupted": cut.shape() if cut else None,
    }


def say_work(locks: Iterable[Lock], cut: Interruption | None) -> None:
    for lock in _holding(locks):
        fix = "" if lock.lives else f"\nfix: {WAIT}"
        stdout.print(f"held by {_told(lock)}{fix}", markup=False)
    if cut:
        stdout.print(f"interrupted: {cut}", markup=False)


def _holding(locks: Iterable[Lock]) -> list[Lock]:
    """Those whose process lives, or may."""
    return [lock for lock in locks if not lock.is_dead]


def _told(lock: Lock) -> str:
    return f"{lock}; {lock.doubt}"
