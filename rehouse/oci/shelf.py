"""Disks that were made before, in the user's cache folder: safe for several processes at once, and bounded.

A disk is on the shelf when its .json is: that comes last and goes first. Whoever makes, uses or removes one
holds a lock with its name. Of all disks those used last are kept, up to 20 GiB; one that was used within
the last day stays in any case, so that whoever has just asked for it can copy it at leisure.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs

from rehouse.oci.config import RootDisk
from rehouse.oci.squash import FORMAT

MOST_BYTES = 20 << 30
FRESH = 24 * 3600  # seconds


class Shelf:
    """The folder of the user who runs us."""

    def __init__(self) -> None:
        self.folder = platformdirs.user_cache_path("rehouse") / "disks"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def find(self, digest: str, architecture: str) -> RootDisk | None:
        """By the image's id, or by the digest that a registry knows it by; for this processor."""
        for name in self._names():
            disk = self._read(name)
            if (
                disk
                and _answers_to(disk, digest)
                and disk.config.platform.endswith(f"/{architecture}")
            ):
                with self.alone(disk.image_id):
                    return self.take(disk.image_id)
        return None

    @contextmanager
    def alone(self, image_id: str) -> Iterator[None]:
        """Nobody else makes, takes or removes this disk; waits for as long as somebody does."""
        claim = _claimed(self._file(image_id, "lock"))
        assert claim is not None
        try:
            yield
        finally:
            _let_go(self._file(image_id, "lock"), claim)

    def take(self, image_id: str, digests: tuple[str, ...] = ()) -> RootDisk | None:
        """The disk, and from now on it is known by *digests* too. For who holds its lock."""
        disk = self._read(_name(image_id))
        if disk is None:
            return None
        os.utime(self._file(image_id, "json"))
        if not set(digests) <= set(disk.digests):
            disk = disk.model_copy(update={"digests": tuple(sorted({*disk.digests, *digests}))})
            self._note(disk)
        return disk

    def put(self, made: Path, disk: RootDisk) -> RootDisk:
        """Takes the file itself, which lies on the shelf's disk. For who holds the lock."""
        made.chmod(0o444)
        made.rename(disk.path)
        self._note(disk)
        return disk

    def path(self, image_id: str) -> Path:
        """Where its disk is, or will be."""
        return self._file(image_id, "squashfs")

    def tidy(self) -> None:
        """Removes what was not used for longest, see above; what somebody holds stays."""
        kept = 0
        for name in sorted(self._names(), key=self._used, reverse=True):
            kept += self._size(name)
            if kept > MOST_BYTES:
                self._remove(name, unless_used_since=time.time() - FRESH)
        for orphan in self.folder.glob("*.squashfs"):
            if not orphan.with_suffix(".json").exists():
                self._remove(orphan.stem, unless_used_since=time.time() - FRESH)

    def _remove(self, name: str, unless_used_since: float) -> None:
        lock = self.folder / f"{name}.lock"
        if (claim := _claimed(lock, wait=False)) is None:
            return
        try:
            if self._used(name) < unless_used_since:
                (self.folder / f"{name}.json").unlink(missing_ok=True)
                (self.folder / f"{name}.squashfs").unlink(missing_ok=True)
        finally:
            _let_go(lock, claim)

    def _note(self, disk: RootDisk) -> None:
        unfinished = self._file(disk.image_id, "unfinished")
        unfinished.write_text(disk.model_dump_json(indent=1))
        synced(unfinished)
        unfinished.rename(self._file(disk.image_id, "json"))

    def _read(self, name: str) -> RootDisk | None:
        """None also for one that is damaged, or that another version of us made: it is made again."""
        path = self.folder / f"{name}.squashfs"
        try:
            noted = json.loads(path.with_suffix(".json").read_text())
            disk = RootDisk.model_validate({**noted, "path": path})
            sound = disk.format == FORMAT and path.stat().st_size == disk.size
        except (OSError, ValueError, TypeError):
            return None
        return disk if sound else None

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def _used(self, name: str) -> float:
        for suffix in ("json", "squashfs"):
            with suppress(FileNotFoundError):
                return (self.folder / f"{name}.{suffix}").stat().st_mtime
        return 0.0

    def _size(self, name: str) -> int:
        with suppress(FileNotFoundError):
            return (self.folder / f"{name}.squashfs").stat().st_size
        return 0

    def _file(self, image_id: str, suffix: str) -> Path:
        return self.folder / f"{_name(image_id)}.{suffix}"


def synced(path: Path) -> None:
    """On the medium, not only on its way there."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _claimed(lock: Path, *, wait: bool = True) -> int | None:
    """The lock's descriptor; None where somebody else has it and we do not wait."""
    while True:
        claim = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(claim, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(lock, claim):
                return claim
        except BlockingIOError:
            os.close(claim)
            return None
        except BaseException:
            os.close(claim)
            raise
        os.close(claim)  # who had it before us has removed it


def _let_go(lock: Path, claim: int) -> None:
    lock.unlink(missing_ok=True)
    os.close(claim)


def _is_still(lock: Path, claim: int) -> bool:
    try:
        return os.path.samestat(lock.stat(), os.fstat(claim))
    except FileNotFoundError:
        return False


def _answers_to(disk: RootDisk, digest: str) -> bool:
    return digest == disk.image_id or digest in disk.digests


def _name(image_id: str) -> str:
    return image_id.rpartition(":")[2]
