"""One process at a time per lock file, and folders that are either whole or not there."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

Say = Callable[[str], None]


@contextmanager
def alone(lock: Path, say: Say) -> Iterator[int]:
    """Held until the end, and by every child that is given the descriptor."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"engine: another build is at work: waiting for it ({lock})")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


@contextmanager
def workshop(parent: Path, prefix: str) -> Iterator[Path]:
    """A folder that ends with the work; what a killed predecessor left goes first."""
    remove(parent.glob(f"{prefix}*"))
    work = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield work
    finally:
        remove([work])


def remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def size_in_gigabytes(folder: Path) -> float:
    files = (Path(root) / name for root, _, names in os.walk(folder) for name in names)
    return sum(file.lstat().st_size for file in files) / 10**9
