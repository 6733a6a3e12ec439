"""Who holds a stack, as people read it and as machines do."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rehouse.cli.output import stderr, stdout
from rehouse.cli.state.locks import Lock, age


def say_locks(locks: Sequence[Lock]) -> None:
    """A line each, on stderr: a question follows."""
    for lock in locks:
        since = lock.since.astimezone(UTC).isoformat(sep=" ", timespec="seconds")
        held = f"{lock.holder} holds the stack: process {lock.pid} on {lock.host}"
        span = age(datetime.now(UTC) - lock.since)
        when = f"for {span}, since {since.removesuffix('+00:00')}"
        stderr.print(f"{held}, {when}; {lock.doubt}", markup=False)


def say_unlocked(stack: str, gone: Sequence[Lock]) -> None:
    if not gone:
        stderr.print(f"stack {stack} is held by nobody: nothing to do", markup=False)
    for lock in gone:
        stdout.print(f"the lock of {lock} is gone", markup=False)
    if gone:
        stderr.print("rehouse status says what was interrupted; the next deploy ends it")


def shape(lock: Lock) -> dict[str, object]:
    since = lock.since.astimezone(UTC).isoformat()
    return {"holder": lock.holder, "host": lock.host, "pid": lock.pid, "since": since}
