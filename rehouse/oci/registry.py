"""Images from a registry, asked directly: no Docker is needed."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rehouse.oci.blobs import Checked
from rehouse.oci.faults import Malformed
from rehouse.oci.manifest import (
    ACCEPTED,
    Blob,
    Manifest,
    chosen,
    is_index,
    read_json,
    read_manifest,
)
from rehouse.oci.reference import Reference, parsed
from rehouse.oci.source import Brought
from rehouse.oci.transport import Transport

_MOST_TEXT = 4 << 20  # bytes of a manifest or a configuration: what registries take
_MOST_INDEXES = 4  # a list of manifests may name another one


class Registry:
    """Whatever registry the image's name says."""

    @contextmanager
    def find(self, image: str, architecture: str) -> Iterator["Published"]:
        reference = parsed(image)
        with Transport(reference.registry) as transport:
            yield _resolved(image, reference, transport, architecture)


@dataclass(frozen=True)
class Published:
    """One image in a registry, for one machine."""

    manifest: Manifest
    digests: tuple[str, ...]
    repository: str
    transport: Transport

    @property
    def image_id(self) -> str:
        return self.manifest.config.digest

    def bring(self, work: Path) -> Brought:  # noqa: ARG002  # the layers stream
        with self._opened(self.manifest.config) as blob:
            config = read_json(_text(blob, self.manifest.config.size))
        return Brought(config, [partial(self._opened, layer) for layer in self.manifest.layers])

    @contextmanager
    def _opened(self, blob: Blob) -> Iterator[Checked]:
        with self.transport.get(f"{self.repository}/blobs/{blob.digest}") as body:
            yield Checked(body, blob.digest, blob.size)


def _resolved(
    image: str, reference: Reference, transport: Transport, architecture: str
) -> Published:
    wanted, digests = reference.wanted, list[str]()
    for _ in range(_MOST_INDEXES):
        said, digest = _manifest(reference, wanted, transport)
        digests.append(digest)
        if not is_index(said):
            return Published(
                read_manifest(said), tuple(sorted(digests)), reference.repository, transport
            )
        wanted = chosen(image, said, architecture).digest
    raise Malformed("its manifests are lists of lists")


def _manifest(
    reference: Reference, wanted: str, transport: Transport
) -> tuple[dict[str, Any], str]:
    """What it says, and the digest of that."""
    with transport.get(f"{reference.repository}/manifests/{wanted}", ACCEPTED) as body:
        raw = body.read(_MOST_TEXT + 1)
    if len(raw) > _MOST_TEXT:
        raise Malformed(f"its manifest has more than {_MOST_TEXT} bytes")
    if ":" in wanted:
        Checked(io.BytesIO(raw), wanted).finish()
    return read_json(raw), wanted if ":" in wanted else f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _text(blob: Checked, size: int) -> bytes:
    if size > _MOST_TEXT:
        raise Malformed(f"its configuration has {size} bytes, more than {_MOST_TEXT}")
    raw = b""
    while chunk := blob.read():
        raw += chunk
    blob.finish()
    return raw
