"""Who holds a stack, where that can be looked at, and whether that process is provably dead."""

import json
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rehouse.cli.state.processes import is_seen
from rehouse.cli.state.proof import Begun, begun, forget
from rehouse.cli.state.store import Kept, Store

UNFINISHED, ATTRIBUTES = ".tmp", ".attrs"  # ends of names: before it is in place, and about it
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
        """Proven, not guessed: whoever may have made it was begun on this machine, and is no more."""
        makers = self._makers().values()
        return bool(makers) and all(each.is_dead for each in makers)

    @property
    def lives(self) -> bool:
        """As far as one can see from here. False is no proof of the contrary."""
        if any(each.lives for each in self._makers().values()):
            return True
        return self.host == socket.gethostname() and is_seen(self.pid)

    @property
    def doubt(self) -> str:
        """Why it is not broken, where is_dead does not say that it may be."""
        if self.lives:
            return "that process lives"
        if self.host != socket.gethostname():
            return "that process may live, on another machine"
        return "that process may live: no rehouse of this machine or container is known to have begun it"

    @property
    def proof(self) -> str:
        """Why it may be broken, where is_dead says so."""
        return "that process is dead"

    def forget(self) -> None:
        """Who made it needs no proof any more."""
        forget(self._makers())

    def _makers(self) -> dict[Path, Begun]:
        return begun(self.host, self.pid, self.since)

    def __str__(self) -> str:
        return f"{self.holder} (pid {self.pid}, for {age(datetime.now(UTC) - self.since)})"


class Torn(Lock):
    """One that was not written to its end: the disk was full, or the machine died."""

    @property
    def is_dead(self) -> bool:
        """So long as it is not in place, nobody can hold the stack by it."""
        return self.key.endswith(UNFINISHED)

    @property
    def doubt(self) -> str:
        return "nobody can read whose it is"

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
    is_ours = lock.store.remove(lock.key)
    lock.forget()
    return is_ours


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
