"""What one layer says: the entries of its tar, checked, with where their content lies in it."""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rehouse.oci.faults import Malformed

FOLDER, FILE, LINK, HARD_LINK, PIPE, DEVICE = (
    "folder",
    "file",
    "link",
    "hard link",
    "pipe",
    "device",
)
MOST_ENTRIES = 1_000_000  # each takes 0.7 KB of memory
_KINDS = {
    tarfile.REGTYPE: FILE,
    tarfile.AREGTYPE: FILE,
    tarfile.CONTTYPE: FILE,
    tarfile.GNUTYPE_SPARSE: FILE,
    tarfile.DIRTYPE: FOLDER,
    tarfile.SYMTYPE: LINK,
    tarfile.LNKTYPE: HARD_LINK,
    tarfile.FIFOTYPE: PIPE,
    tarfile.CHRTYPE: DEVICE,
    tarfile.BLKTYPE: DEVICE,
}
# What Docker lets every container open: null, zero, full, random, urandom, tty, console, ptmx.
_HARMLESS = {(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2)}
# As Docker keeps them; the others mean something only where the image was built, or to an overlay.
_XATTRS = ("security.capability", "user.")
_MOST_ID, _MOST_TIME = 2**32 - 1, 2**32 - 1  # as squashfs stores them
_MOST_NAME, _MOST_PATH = 255, 4095  # bytes, as Linux allows them

Path_ = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """Where a file's bytes are; *sparse* where they lie there with holes left out."""

    tar: Path
    offset: int
    size: int
    sparse: tarfile.TarInfo | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing a layer brings. *target* is a link's text, as it stands there."""

    path: Path_
    kind: str
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    target: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: tuple[tuple[str, str], ...] = ()
    content: Content | None = None

    @property
    def is_harmless(self) -> bool:
        """False for a device that no container may open: in a VM it would be the VM's own, disks and all."""
        return self.kind != DEVICE or self.device in _HARMLESS


def entries(tar: Path) -> Iterator[Entry]:
    """In the order of the layer. Raises Malformed, also for what would lie outside of the root."""
    length = tar.stat().st_size
    if not length:
        return  # an empty layer of some tools is not even an empty tar
    try:
        with tarfile.open(tar, "r:", encoding="utf-8", errors="surrogateescape") as archive:
            for _ in range(MOST_ENTRIES):
                if (member := archive.next()) is None:
                    return _must_end(archive, tar)
                if archive.offset > length + tarfile.BLOCKSIZE:
                    raise Malformed("a layer ends within a file")
                archive.members.clear()  # type: ignore[attr-defined]  # it would remember them all
                yield _entry(member, tar)
            raise Malformed(f"a layer has more than {MOST_ENTRIES} entries")
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise Malformed(f"a layer is no tar archive: {error}") from error


def parts(name: str) -> Path_:
    """Folders and name, from the root. Raises Malformed for what is outside, or longer than Linux allows."""
    found: list[str] = []
    for part in name.split("/"):
        if part == "..":
            if not found:
                raise Malformed(f"a layer has an entry outside of the root: {_shown(name)}")
            found.pop()
        elif part not in ("", "."):
            found.append(part)
    if _length(name) > _MOST_PATH or any(_length(part) > _MOST_NAME for part in found):
        raise Malformed(f"a layer has a name that is too long: {_shown(name)}")
    if "\0" in name:
        raise Malformed(f"a layer has a name with a zero byte: {_shown(name)}")
    return tuple(found)


def _entry(member: tarfile.TarInfo, tar: Path) -> Entry:
    kind = _KINDS.get(member.type)
    if kind is None:
        raise Malformed(
            f"a layer has an entry of unknown type {member.type!r}: {_shown(member.name)}"
        )
    if not (0 <= member.uid <= _MOST_ID and 0 <= member.gid <= _MOST_ID and member.size >= 0):
        raise Malformed(f"a layer has impossible owners or sizes at {_shown(member.name)}")
    if kind == LINK and not 0 < _length(member.linkname) <= _MOST_PATH:
        raise Malformed(f"a layer has a link to nowhere: {_shown(member.name)}")
    return Entry(
        path=parts(member.name),
        kind=kind,
        mode=member.mode & 0o7777,
        uid=member.uid,
        gid=member.gid,
        mtime=min(max(int(member.mtime), 0), _MOST_TIME),
        target=member.linkname if kind in (LINK, HARD_LINK) else "",
        device=_device(member),
        xattrs=_xattrs(member),
        content=_content(member, tar) if kind == FILE else None,
    )


def _content(member: tarfile.TarInfo, tar: Path) -> Content:
    sparse = member if member.issparse() else None
    return Content(tar, member.offset_data, member.size, sparse)


def _device(member: tarfile.TarInfo) -> tuple[int, int]:
    """No block device has one of the numbers that are harmless."""
    if member.type == tarfile.BLKTYPE:
        return -1, -1
    return (member.devmajor, member.devminor) if member.type == tarfile.CHRTYPE else (0, 0)


def _xattrs(member: tarfile.TarInfo) -> tuple[tuple[str, str], ...]:
    prefix = "SCHILY.xattr."
    named = (
        (key.removeprefix(prefix), each)
        for key, each in member.pax_headers.items()
        if key.startswith(prefix)
    )
    return tuple(sorted((name, each) for name, each in named if name.startswith(_XATTRS)))


def _must_end(archive: tarfile.TarFile, tar: Path) -> None:
    """tarfile takes a header that makes no sense for the end: what came after it would be lost unsaid."""
    with tar.open("rb") as file:
        file.seek(archive.offset)
        if file.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise Malformed(f"a layer makes no sense at byte {archive.offset}")


def _length(name: str) -> int:
    return len(name.encode("utf-8", "surrogateescape"))


def _shown(name: str) -> str:
    return repr(name if len(name) <= 200 else f"{name[:200]}…")
