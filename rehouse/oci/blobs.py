"""Bytes that come with a digest: read as they stream, unpacked, and believed only when the digest fits."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import zstandard

from rehouse.oci.faults import Malformed, Unfaithful

CHUNK = 1 << 20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_MOST_WINDOW = 1 << 27  # bytes of memory that an author may make zstd use: what its own tool allows


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Checked:
    """A stream whose bytes are counted and summed up on their way through.

    Without a *digest* it is believed as it is; without a *size* it may have any.
    """

    def __init__(
        self, source: Readable, digest: str | None = None, size: int | None = None
    ) -> None:
        self._source, self._digest, self._size = source, digest, size
        self._sum, self._seen = summing(digest or "sha256:"), 0

    def read(self, size: int = CHUNK) -> bytes:
        """Raises Unfaithful as soon as there are more bytes than were promised."""
        chunk = self._source.read(CHUNK if size < 0 else size)
        self._sum.update(chunk)
        self._seen += len(chunk)
        if self._size is not None and self._seen > self._size:
            raise Unfaithful(f"{self._digest} has more than the {self._size} bytes it should have")
        return chunk

    def finish(self) -> None:
        """Reads what is left. Raises Unfaithful unless all of it was what the digest says."""
        while self.read():
            pass
        if self._size is not None and self._seen < self._size:
            raise Unfaithful(f"{self._digest} ended after {self._seen} of {self._size} bytes")
        actual = f"{self._sum.name}:{self._sum.hexdigest()}"
        if self._digest not in (None, actual):
            raise Unfaithful(f"{self._digest} is not what came: {actual}")


def unpack(blob: Checked, diff_id: str, target: Path, most: int) -> int:
    """Write the layer's plain tar to *target*; its length in bytes.

    Raises Unfaithful where the blob is not what its digest says, Malformed where its content is not what the
    image's configuration says, or longer than *most*.
    """
    plain, length = summing(diff_id), 0
    with target.open("wb") as file:
        for chunk in _unpacked(blob):
            length += len(chunk)
            if length > most:
                raise Malformed(f"its layers have more than {most >> 30} GiB left when unpacked")
            plain.update(chunk)
            file.write(chunk)
    blob.finish()
    if (actual := f"{plain.name}:{plain.hexdigest()}") != diff_id:
        raise Malformed(f"a layer is {actual} when unpacked, its configuration says {diff_id}")
    return length


def summing(digest: str) -> Any:
    """What sums up as this digest does. Raises Malformed where nobody knows how."""
    algorithm = digest.partition(":")[0]
    if algorithm not in ("sha256", "sha512"):
        raise Malformed(f"'{digest[:80]}' is no digest: sha256 and sha512 are known")
    return hashlib.new(algorithm)


def _unpacked(blob: Checked) -> Iterator[bytes]:
    """By what the bytes are: media types are wrong often enough that Docker does not believe them either."""
    start = blob.read(len(_ZSTD))
    reader: Any = _Again(start, blob)
    if start.startswith(_GZIP):
        reader = gzip.GzipFile(fileobj=reader, mode="rb")
    elif start == _ZSTD:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW)
        reader = decompressor.stream_reader(reader, read_across_frames=True)
    try:
        while chunk := reader.read(CHUNK):
            yield chunk
    except (gzip.BadGzipFile, zlib.error, EOFError, zstandard.ZstdError) as error:
        blob.finish()  # bytes that were damaged on their way are the better explanation
        raise Malformed(f"a layer cannot be unpacked: {error}") from error


class _Again:
    """A stream with the bytes before it that were read already."""

    def __init__(self, start: bytes, rest: Checked) -> None:
        self._start, self._rest = io.BytesIO(start), rest

    def read(self, size: int = CHUNK) -> bytes:
        return self._start.read(size) or self._rest.read(size)
