"""One layer of an image: the same files give the same bytes."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    packed: bytes
    diff_id: str


def make_layer(files: Mapping[str, bytes], folders: Mapping[str, int]) -> Layer:
    """Files by path, each executable as a program would be; folders by path with their mode."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, mode in sorted(folders.items()):
            tar.addfile(_folder(path, mode))
        for path, content in sorted(files.items()):
            tar.addfile(_file(path, len(content)), io.BytesIO(content))
    return Layer(gzip.compress(raw.getvalue(), 6, mtime=0), digest(raw.getvalue()))


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _folder(path: str, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path.strip("/") + "/")
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    return entry


def _file(path: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path.strip("/"))
    entry.size, entry.mode = size, 0o755
    return entry
