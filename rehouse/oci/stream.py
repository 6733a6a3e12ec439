"""A tree of files as one tar: the same tree gives the same bytes."""

import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Protocol

from rehouse.oci.blobs import CHUNK
from rehouse.oci.faults import Malformed
from rehouse.oci.layers import DEVICE, FILE, FOLDER, LINK, PIPE, Content
from rehouse.oci.tree import Node, Tree

_TYPES = {
    FILE: tarfile.REGTYPE,
    FOLDER: tarfile.DIRTYPE,
    LINK: tarfile.SYMTYPE,
    PIPE: tarfile.FIFOTYPE,
    DEVICE: tarfile.CHRTYPE,
}


class Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...


def write_tar(tree: Tree, out: Writable, most: int) -> None:
    """Raises Malformed where its files have more than *most* bytes: some say they are mostly holes."""
    first: dict[int, str] = {}
    with ExitStack() as stack:
        files = _Files(stack)
        for path, node in tree.walk():
            content = node.entry.content
            if node.shared and content and first.setdefault(id(node), path) != path:
                out.write(_header(path, node, hard_link_to=first[id(node)]))
                continue
            out.write(_header(path, node))
            if content:
                most -= content.size
                if most < 0:
                    raise Malformed("its files are too large together")
                _copy(content, files, out)
    out.write(bytes(2 * tarfile.BLOCKSIZE))


class _Files:
    """The layers' tars, each opened once."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack, self._open = stack, dict[Path, BinaryIO]()

    def __getitem__(self, path: Path) -> BinaryIO:
        if path not in self._open:
            self._open[path] = self._stack.enter_context(path.open("rb"))
        return self._open[path]


def _header(path: str, node: Node, hard_link_to: str | None = None) -> bytes:
    entry = node.entry
    info = tarfile.TarInfo(path)
    info.type = tarfile.LNKTYPE if hard_link_to else _TYPES[entry.kind]
    info.linkname = hard_link_to or entry.target
    info.mode, info.mtime = entry.mode, entry.mtime
    info.uid, info.gid, info.uname, info.gname = entry.uid, entry.gid, "", ""
    info.size = entry.content.size if entry.content and not hard_link_to else 0
    info.devmajor, info.devminor = entry.device
    info.pax_headers = {f"SCHILY.xattr.{name}": value for name, value in entry.xattrs}
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _copy(content: Content, files: _Files, out: Writable) -> None:
    left = content.size
    for chunk in _sparse(content, files) if content.sparse else _dense(content, files):
        out.write(chunk[:left])
        left -= len(chunk[:left])
    if left:
        raise Malformed("a layer ends within a file")
    out.write(bytes(-content.size % tarfile.BLOCKSIZE))


def _dense(content: Content, files: _Files) -> Iterator[bytes]:
    file, left = files[content.tar], content.size
    file.seek(content.offset)
    while left and (chunk := file.read(min(left, CHUNK))):
        left -= len(chunk)
        yield chunk


def _sparse(content: Content, files: _Files) -> Iterator[bytes]:
    """Holes are filled; mksquashfs finds them again."""
    try:
        with tarfile.open(fileobj=files[content.tar], mode="r:") as archive:
            file = archive.extractfile(content.sparse) if content.sparse else None
            while file and (chunk := file.read(CHUNK)):
                yield chunk
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise Malformed(f"a layer has a file with holes that makes no sense: {error}") from error
