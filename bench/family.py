"""Processes that belong to one command, whoever started them: by a mark in their environment."""

import contextlib
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_MARK = "BENCH_CLIENT"
_EVERY = 0.5  # seconds between two looks at the memory: each reads all of /proc


class Family:
    """A command started with this ``environment``, and all that it starts."""

    def __init__(self) -> None:
        self._mark = secrets.token_hex(8)
        self.environment = {_MARK: self._mark}

    def pids(self) -> list[int]:
        """Of those that live."""
        mark = f"{_MARK}={self._mark}".encode()
        return [pid for pid in _processes() if mark in _environment_of(pid)]

    def vanish(self, reap: Callable[[], object]) -> None:
        """Killed, as when the machine dies."""
        while found := self.pids():
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            reap()
            time.sleep(0.01)

    @contextlib.contextmanager
    def weighed(self) -> Iterator[Callable[[], int]]:
        """What is yielded tells the most memory of all together so far, in KiB: what they share counts once (PSS)."""
        most, over = 0, threading.Event()

        def look() -> None:
            nonlocal most
            while not over.wait(_EVERY):
                most = max(most, sum(map(_pss, self.pids())))

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield lambda: most
        finally:
            over.set()
            thread.join()


def _pss(pid: int) -> int:
    """In KiB; nothing of a process that has ended."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return 0


def _processes() -> list[int]:
    return [int(each.name) for each in Path("/proc").glob("[0-9]*")]


def _environment_of(pid: int) -> list[bytes]:
    """None of a process that has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return []
