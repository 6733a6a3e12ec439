"""A lock on a file that leaves no file behind."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from lab.errors import LabError


@contextlib.contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock; the kernel lets go of it when the holder dies, however it dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _acquire(path, time.monotonic() + patience)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _acquire(path: Path, deadline: float) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if _try_lock(handle) and _is_still(path, handle):
            return handle
        os.close(handle)
        if time.monotonic() > deadline:
            raise LabError("lab", f"another command holds {path}", "wait for it, or end it")
        time.sleep(0.05)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(path: Path, handle: int) -> bool:
    # The one who had it before removed the file: what we locked may be nobody's by now.
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_ino == os.fstat(handle).st_ino
    return False
