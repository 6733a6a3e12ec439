"""What a registry says about an image: which manifest is for which machine, and what it is made of."""

import json
from dataclasses import dataclass
from typing import Any

from rehouse.oci.blobs import summing
from rehouse.oci.config import must_run
from rehouse.oci.faults import Malformed

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPTED = ", ".join((*_MANIFESTS, *_INDEXES))


@dataclass(frozen=True)
class Blob:
    digest: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """One image for one machine: its configuration, and its layers, lowest first."""

    config: Blob
    layers: tuple[Blob, ...]


def read_json(raw: bytes) -> dict[str, Any]:
    """Raises Malformed."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Malformed("its manifest or configuration is no JSON") from error
    if not isinstance(found, dict):
        raise Malformed("its manifest or configuration is no JSON object")
    return found


def is_index(raw: dict[str, Any]) -> bool:
    return raw.get("mediaType") in _INDEXES or "manifests" in raw


def chosen(image: str, index: dict[str, Any], architecture: str) -> Blob:
    """The manifest for Linux on that processor; the plain variant before special ones.

    Raises Refused where there is none, Malformed.
    """
    try:
        each = [(_platform(one), one) for one in index["manifests"] if isinstance(one, dict)]
        fitting = [one for platform, one in each if platform == f"linux/{architecture}"]
        must_run(
            image, [platform for platform, _ in each if "unknown" not in platform], architecture
        )
        fitting.sort(key=lambda one: one["platform"].get("variant") not in (None, "", "v8", "v1"))
        return _blob(fitting[0])
    except (KeyError, TypeError, AttributeError) as error:
        raise Malformed("its list of manifests makes no sense") from error


def read_manifest(raw: dict[str, Any]) -> Manifest:
    """Raises Malformed, also for the form that registries gave up in 2019."""
    if raw.get("schemaVersion") != 2:
        raise Malformed(
            "its manifest is of a version that is not read any more: push it with a newer Docker"
        )
    try:
        return Manifest(_blob(raw["config"]), tuple(_blob(layer) for layer in raw["layers"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise Malformed("its manifest makes no sense") from error


def _platform(one: dict[str, Any]) -> str:
    platform = one.get("platform") or {}
    return f"{platform.get('os', 'unknown')}/{platform.get('architecture', 'unknown')}"


def _blob(raw: dict[str, Any]) -> Blob:
    digest, size = raw["digest"], raw["size"]
    if not isinstance(digest, str) or not isinstance(size, int) or size < 0:
        raise Malformed("its manifest has a blob without digest or size")
    expected = summing(digest).digest_size * 2
    value = digest.partition(":")[2]
    if len(value) != expected or set(value) - set("0123456789abcdef"):
        raise Malformed(f"its manifest has a digest that is none: {digest[:80]!r}")
    return Blob(digest, size)
