"""Who holds a stack, where that can be looked at, and whether that process is provably dead."""

import contextlib
import json
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rehouse.cli.state.store import Kept, Store

ENGINE = "pulumi"
UNFINISHED, ATTRIBUTES = ".tmp", ".attrs"  # ends of names: before it is in place, and about it
# The start of a process is known to a hundredth of a second, the boot that it counts from to a whole one.
PRECISION = timedelta(seconds=2)
# Whoever writes a lock takes milliseconds; one that is not whole after this will never be.
WRITING = timedelta(seconds=2)


@dataclass(frozen=True)
class Lock:
    """The engine's own lock: it never expires, and says which process made it."""

    store: Store
    key: str
    user: str
    host: str
    pid: int
    since: datetime

    @property
    def holder(self) -> str:
        return f"{self.user}@{self.host}"

    @property
    def is_dead(self) -> bool:
        """Proven, not guessed: made on this host, by a process that is no more. What is elsewhere may live."""
        return self.host == socket.gethostname() and not _lives(self.pid, self.since)

    @property
    def proof(self) -> str:
        """That it may be broken, where is_dead says so."""
        return "that process is dead"

    def __str__(self) -> str:
        return f"{self.holder} (pid {self.pid}, for {age(datetime.now(UTC) - self.since)})"


class Torn(Lock):
    """One that was not written to its end: the disk was full, or the machine died."""

    @property
    def is_dead(self) -> bool:
        """So long as it is not in place, nobody can hold the stack by it."""
        return self.key.endswith(UNFINISHED)

    @property
    def proof(self) -> str:
        return "it was never finished"

    def __str__(self) -> str:
        return (
            f"{self.holder} ({self.key} cannot be read, {age(datetime.now(UTC) - self.since)} old)"
        )


def locks_in(store: Store, project: str, stack: str) -> list[Lock]:
    """The locks of one stack, oldest first. Whoever lets go of one meanwhile does not hold it."""
    name = stack.rpartition("/")[2]
    places = (f"organization/{project}/{name}", name)  # the second: of old states
    kept = [each for place in places for each in store.under(f".pulumi/locks/{place}/")]
    found = [_read(store, each) for each in kept if not each.key.endswith(ATTRIBUTES)]
    return sorted(filter(None, found), key=lambda lock: lock.since)


def broken(lock: Lock) -> bool:
    """It is gone, and it was we who took it away: of several who see a dead one, one is told so."""
    return lock.store.remove(lock.key)


def age(span: timedelta) -> str:
    """Like "40 s", "3 min", "5 h", "2 days"."""
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _read(store: Store, kept: Kept) -> Lock | None:
    if (written := store.read(kept.key)) is None:
        return None
    try:
        facts = json.loads(written)
        since = datetime.fromisoformat(facts["timestamp"])
        who = facts["username"], facts["hostname"], int(facts["pid"])
        return Lock(store, kept.key, *who, since)
    except (ValueError, KeyError, TypeError):
        is_old = datetime.now(UTC) - kept.since > WRITING
        return Torn(store, kept.key, "unknown", "unknown", 0, kept.since) if is_old else None


def _lives(pid: int, since: datetime) -> bool:
    """Whether a process of this number has been there since then; also one in a container that we can see into."""
    return any(pid in _numbers(each) and _is_as_old(each, since) for each in _processes())


def _processes() -> list[Path]:
    return list(Path("/proc").glob("[0-9]*"))


def _numbers(process: Path) -> list[int]:
    """Its number here, and what it is called in the containers that it is in: a lock may have been made there."""
    with contextlib.suppress(OSError):
        for line in (process / "status").read_text().splitlines():
            if line.startswith("NSpid:"):
                return [int(number) for number in line.split()[1:]]
        return [int(process.name)]
    return []


def _is_as_old(process: Path, since: datetime) -> bool:
    """False for one that only got the number later. An engine is given the benefit: a clock may have been set."""
    try:
        name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
    except OSError:  # it has just ended
        return False
    fields = rest.split()
    if fields[0] == "Z":  # ended; nobody has asked how
        return False
    started = _booted() + timedelta(seconds=int(fields[19]) / os.sysconf("SC_CLK_TCK"))
    return name == ENGINE or started <= since + PRECISION


def _booted() -> datetime:
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith("btime"):
            return datetime.fromtimestamp(int(line.split()[1]), UTC)
    return datetime.fromtimestamp(0, UTC)
