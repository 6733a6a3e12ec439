"""Who is changing a stack, and what was cut off in the middle of it."""

from collections.abc import Iterable
from typing import Any

from rehouse.cli.output import stdout
from rehouse.cli.rollout.interrupted import Interruption
from rehouse.cli.state.locks import Lock


def work_of(locks: Iterable[Lock], cut: Interruption | None) -> dict[str, Any]:
    return {"holders": _living(locks), "interrupted": cut.shape() if cut else None}


def say_work(locks: Iterable[Lock], cut: Interruption | None) -> None:
    for holder in _living(locks):
        stdout.print(f"held by {holder}", markup=False)
    if cut:
        stdout.print(f"interrupted: {cut}", markup=False)


def _living(locks: Iterable[Lock]) -> list[str]:
    return [str(lock) for lock in locks if not lock.is_dead]
