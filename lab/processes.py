"""Processes named by pid and start time, so that a recycled pid is never signalled."""

import contextlib
import os
import select
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Process:
    """One process, told from a later one with the same pid by its start time."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Self:
        return cls(pid, start_time(pid))

    @property
    def alive(self) -> bool:
        with contextlib.suppress(OSError):
            return start_time(self.pid) == self.started and not is_zombie(self.pid)
        return False

    @contextlib.contextmanager
    def pinned(self) -> Iterator[int | None]:
        """A pidfd that is certainly this process; None when it is gone."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            yield None
            return
        try:
            yield handle if self.alive else None
        finally:
            os.close(handle)

    def kill(self, patience: float = 20) -> bool:
        """Kill it and wait; for the first process of a PID namespace that means all of them."""
        with self.pinned() as handle:
            if handle is None:
                return True
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            ready, _, _ = select.select([handle], [], [], patience)
            return bool(ready)


def start_time(pid: int) -> int:
    return int(stat_fields(pid)[19])


def is_zombie(pid: int) -> bool:
    return stat_fields(pid)[0] in "ZX"


def stat_fields(pid: int) -> list[str]:
    # The name is in brackets and may hold anything, brackets too: cut after the last one.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
