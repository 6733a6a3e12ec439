"""Temporary folders that do not outlive their process, also where it is killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PREFIX = "rehouse-run-"


@dataclass(frozen=True)
class Scratch:
    """A folder, and the descriptor that says that it is in use: a child that goes on alone gets it too."""

    folder: Path
    claim: int


@contextmanager
def scratch(within: Path | None = None) -> Iterator[Scratch]:
    """A folder for as long as the block lasts; those whose processes were killed are removed before.

    It is *within* a folder that is there, or where temporary files are.
    """
    place = within or Path(tempfile.gettempdir())
    _sweep(place)
    made = _claimed(place)
    try:
        yield made
    finally:
        shutil.rmtree(made.folder, ignore_errors=True)
        os.close(made.claim)


def _claimed(place: Path) -> Scratch:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        claim = os.open(folder, os.O_RDONLY)
        fcntl.flock(claim, fcntl.LOCK_EX)
        if folder.exists():
            return Scratch(folder, claim)
        os.close(claim)  # somebody who swept came between the two


def _sweep(place: Path) -> None:
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, in use, or just gone
            _remove_unclaimed(folder)


def _remove_unclaimed(folder: Path) -> None:
    claim = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(claim)
