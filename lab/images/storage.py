"""Images laid out as the registry keeps them on disk, so that nothing has to be pushed."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.images.layer import Layer, digest

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@dataclass(frozen=True)
class Image:
    repository: str
    tag: str
    layer: Layer
    architecture: str
    config: dict[str, Any] = field(default_factory=dict)


def store(image: Image, root: Path) -> str:
    """Write one image under the registry's root folder; answer the manifest's digest."""
    base = root / "docker/registry/v2"
    config = _blob(base, _json(_image_config(image)))
    layer = _blob(base, image.layer.packed)
    manifest = _blob(base, _json(_manifest(config, layer)))
    repository = base / "repositories" / image.repository
    for part in (config, layer):
        _link(repository / "_layers" / _path(part.digest), part.digest)
    tag = repository / "_manifests/tags" / image.tag
    _link(repository / "_manifests/revisions" / _path(manifest.digest), manifest.digest)
    _link(tag / "index" / _path(manifest.digest), manifest.digest)
    _link(tag / "current", manifest.digest)
    return manifest.digest


@dataclass(frozen=True)
class _Blob:
    digest: str
    size: int


def _blob(base: Path, content: bytes) -> _Blob:
    name = digest(content)
    algorithm, _, value = name.partition(":")
    place = base / "blobs" / algorithm / value[:2] / value
    place.mkdir(parents=True, exist_ok=True)
    (place / "data").write_bytes(content)
    return _Blob(name, len(content))


def _link(place: Path, target: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    (place / "link").write_text(target)


def _path(name: str) -> str:
    return name.replace(":", "/")


def _image_config(image: Image) -> dict[str, Any]:
    return {
        "architecture": image.architecture,
        "os": "linux",
        "config": image.config,
        "rootfs": {"type": "layers", "diff_ids": [image.layer.diff_id]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "rehouse lab"}],
        "created": "1970-01-01T00:00:00Z",
    }


def _manifest(config: _Blob, layer: _Blob) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {"mediaType": _CONFIG, "size": config.size, "digest": config.digest},
        "layers": [{"mediaType": _LAYER, "size": layer.size, "digest": layer.digest}],
    }


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
