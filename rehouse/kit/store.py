"""Where kits are kept: each in a folder named by its content, there as a whole or not at all."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

MANIFEST = "manifest.json"
_MADE_FROM = "made-from"  # a file for each set of inputs that gave these bytes
_UNFINISHED = "unfinished-"


@dataclass(frozen=True)
class Kit:
    """``manifest`` says what its files are, and how they are to be started."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinux"

    @property
    def initramfs(self) -> Path:
        return self.folder / "initramfs"

    @property
    def command_line(self) -> str:
        """What the kernel is told; nothing of the service's."""
        return str(self.manifest["command_line"])


def home() -> Path:
    return platformdirs.user_data_path("rehouse") / "kits"


def made_from(home: Path, inputs: str) -> Kit | None:
    """The whole kit that these inputs gave; one that somebody has changed or cut off is none."""
    for each in sorted(home.glob(f"*/{_MADE_FROM}/{inputs}")):
        kit = _read(each.parents[1])
        if kit and _is_whole(kit):
            return kit
    return None


def keep(home: Path, inputs: str, files: Mapping[str, bytes], facts: Mapping[str, Any]) -> Kit:
    """Puts a kit in its place in one step; where it is there already, that one stays."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = json.dumps({**facts, "files": sums}, indent=2, sort_keys=True) + "\n"
    place = home / _name_of(manifest.encode())
    home.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=home))
    try:
        for name, content in {**files, MANIFEST: manifest.encode()}.items():
            (unfinished / name).write_bytes(content)
        (unfinished / _MADE_FROM).mkdir()
        unfinished.chmod(0o755)  # QEMU may be somebody else
        _put(unfinished, place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    (place / _MADE_FROM / inputs).touch()
    return Kit(place, json.loads(manifest))


def _put(unfinished: Path, place: Path) -> None:
    known = _read(place)
    if known and _is_whole(known):
        return
    shutil.rmtree(place, ignore_errors=True)
    with suppress(OSError):  # somebody else has made the same meanwhile
        unfinished.rename(place)


def _read(folder: Path) -> Kit | None:
    try:
        return Kit(folder, json.loads((folder / MANIFEST).read_text()))
    except (OSError, ValueError):
        return None


def _is_whole(kit: Kit) -> bool:
    return kit.name == _name_of((kit.folder / MANIFEST).read_bytes()) and all(
        _sum(kit.folder / name) == wanted for name, wanted in kit.manifest["files"].items()
    )


def _name_of(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()[:12]


def _sum(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
