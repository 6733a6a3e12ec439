"""What was built, kept by the content it was built from: the registry's storage folder."""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from lab.images.catalogue import EXAMPLE, architecture, images
from lab.images.closure import HAPROXY
from lab.images.storage import store
from lab.locks import locked

_KEEP = 2
_UNFINISHED = "unfinished-"
_BUILD_PATIENCE = 300


def copy_registry(target: Path) -> None:
    """Lay a registry's storage at target, building it first where need be."""
    with _cache() as root:
        shutil.copytree(_built(root), target)


def build() -> Path:
    with _cache() as root:
        return _built(root)


@contextlib.contextmanager
def _cache() -> Iterator[Path]:
    root = platformdirs.user_cache_path("rehouse") / "lab"
    # Held while copying too, so that nobody prunes what is being read.
    with locked(root / "lock", _BUILD_PATIENCE):
        yield root


def _built(root: Path) -> Path:
    place = root / f"registry-{_key()}"
    if not place.exists():
        _build(place)
    os.utime(place)
    _prune(root)
    return place


def _build(place: Path) -> None:
    # Renamed when whole: a folder with the right name is always complete.
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=place.parent))
    registry, work = unfinished / "registry", unfinished / "work"
    work.mkdir()
    for image in images(work):
        store(image, registry)
    registry.rename(place)
    shutil.rmtree(unfinished)


def _prune(root: Path) -> None:
    for unfinished in root.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(unfinished)
    kept = sorted(root.glob("registry-*"), key=lambda place: place.stat().st_mtime, reverse=True)
    for old in kept[_KEEP:]:
        shutil.rmtree(old)


def _key() -> str:
    sum_ = hashlib.sha256(architecture().encode())
    sources = [*EXAMPLE.iterdir(), *(EXAMPLE.parent / "images").glob("*.py")]
    for source in sorted(path for path in sources if path.is_file()):
        sum_.update(source.name.encode() + b"\0" + source.read_bytes())
    sum_.update(HAPROXY.read_bytes() if HAPROXY.exists() else b"")
    return sum_.hexdigest()[:16]
