"""The state backend beside the engine: what lies there, where it is a folder or a table of PostgreSQL."""

import contextlib
import os
import shlex
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from rehouse.components.errors import OutOfReach

ROOM = 1024 * 1024  # bytes that an update may need for locks and history
COPIES = 8  # of the stack: the engine writes it anew, beside it, and keeps backups


@dataclass(frozen=True)
class Kept:
    """One thing that lies there."""

    key: str
    since: datetime


class Store(Protocol):
    """Keys are the engine's own, like .pulumi/stacks/PROJECT/STACK.json."""

    def under(self, prefix: str) -> list[Kept]:
        """All whose key begins so, in no order."""

    def read(self, key: str) -> bytes | None:
        """None where there is no such thing."""

    def remove(self, key: str) -> bool:
        """Whether it was there, and we took it away: of several, one is told so."""

    def copying(self, key: str, to: str) -> str:
        """The command by which a person overwrites one with another."""


def store_of(url: str) -> Store | None:
    """None where a backend of that kind can be asked by the engine alone."""
    made = KINDS.get(urlsplit(url).scheme)
    return made(url) if made else None


@dataclass(frozen=True)
class Folder:
    """Of a backend file://PATH."""

    place: Path

    @classmethod
    def at(cls, url: str) -> "Folder":
        parts = urlsplit(url)
        return cls(Path(unquote(parts.netloc + parts.path)).expanduser())

    def under(self, prefix: str) -> list[Kept]:
        folder = self.place / prefix.rpartition("/")[0]
        found = [file for file in folder.rglob("*") if file.is_file()]
        kept = [Kept(str(file.relative_to(self.place)), _changed(file)) for file in found]
        return [each for each in kept if each.key.startswith(prefix)]

    def read(self, key: str) -> bytes | None:
        try:
            return (self.place / key).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, key: str) -> bool:
        with contextlib.suppress(FileNotFoundError):
            (self.place / key).unlink()
            return True
        return False

    def copying(self, key: str, to: str) -> str:
        return shlex.join(["cp", str(self.place / key), str(self.place / to)])

    def must_take_an_update(self) -> None:
        """Raises OutOfReach where it is read-only or full: the engine would end in the middle."""
        stacks = [file.stat().st_size for file in self.place.glob(".pulumi/stacks/**/*.json*")]
        needed = ROOM + COPIES * max(stacks, default=0)
        try:
            with tempfile.TemporaryFile(dir=self.place) as file:
                os.posix_fallocate(file.fileno(), 0, needed)
        except OSError as error:
            what = f"cannot be written: {error.strerror}"
            fix = f"let {needed // 1024} KiB be written there: df {self.place}; mount; ls -ld"
            state = "nothing was touched"
            raise OutOfReach(f"state in {self.place}", what, fix, state) from error


def _changed(file: Path) -> datetime:
    """Now for one that has just gone."""
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.now(UTC)


def _table(url: str) -> Store | None:
    """None without the driver: it comes with rehouse[postgres]."""
    try:
        from rehouse.cli.state.table import Table
    except ImportError:
        return None
    return Table.at(url)


KINDS: dict[str, Callable[[str], Store | None]] = {"file": Folder.at, "postgres": _table}
