"""The archive that a kernel unpacks as its first root: cpio's "newc", the same bytes for the same files."""

from collections.abc import Iterator, Mapping

_FOLDER, _FILE = 0o040755, 0o100644
_END = "TRAILER!!!"


def archive(
    files: Mapping[str, bytes], folders: tuple[str, ...], programs: frozenset[str]
) -> bytes:
    """Paths without a leading slash, sorted; all of them root's, and of no time."""
    entries = {**dict.fromkeys(folders, (_FOLDER, b""))}
    for path, content in files.items():
        entries[path] = (_FILE | (0o111 if path in programs else 0), content)
    parts = [
        part
        for number, (path, (mode, content)) in enumerate(sorted(entries.items()), start=1)
        for part in _entry(number, path, mode, content)
    ]
    return b"".join([*parts, *_entry(0, _END, 0, b"")])


def _entry(number: int, path: str, mode: int, content: bytes) -> Iterator[bytes]:
    name = path.encode() + b"\0"
    links = 2 if mode == _FOLDER else 1
    #         inode   mode  uid gid links  time size          device, twice   name       checksum
    fields = [number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0]
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
    yield _padded(head)
    yield _padded(content)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
