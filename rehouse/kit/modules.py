"""The kernel modules that a guest needs, each after those that it depends on."""

import gzip
import lzma
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rehouse.components.errors import OutOfReach

# Before the service starts: disks, network, its root.
EARLY = ("virtio_pci", "virtio_blk", "virtio_net", "squashfs", "overlay")
# What the first answer need not wait for: power button, agent, random numbers.
LATE = ("button", "evdev", "virtio_console", "virtio_rng")

_SIGNED = b"~Module signature appended~\n"


@dataclass(frozen=True)
class Modules:
    """The modules of one kernel, by name."""

    files: dict[str, Path]
    builtin: frozenset[str]


def modules_of(folder: Path) -> Modules:
    """``/lib/modules/RELEASE`` as it is in the package; depmod need not have been there."""
    files = {_name(path.name): path for path in sorted(folder.rglob("*.ko*"))}
    listed = (folder / "modules.builtin").read_text().splitlines()
    return Modules(files, frozenset(_name(Path(each).name) for each in listed))


def in_order(modules: Modules, wanted: Iterable[str]) -> dict[str, bytes]:
    """Name to content, dependencies first; what is built into the kernel is left out.

    Raises :class:`OutOfReach` where the kernel has no such module.
    """
    found: dict[str, bytes] = {}
    for name in wanted:
        _add(modules, name, found)
    return found


def _add(modules: Modules, name: str, found: dict[str, bytes]) -> None:
    if name in found or name in modules.builtin:
        return
    if name not in modules.files:
        what, fix = f"this kernel has no module {name}", "use a kernel of Debian 12 or 13"
        raise OutOfReach("kit: modules", what, fix)
    content = _unpacked(modules.files[name])
    for each in _needed_by(content):
        _add(modules, each, found)
    found[name] = unsigned(content)


def _needed_by(content: bytes) -> Iterator[str]:
    for listed in re.findall(rb"\0depends=([^\0]*)\0", b"\0" + content):
        yield from (_name(each) for each in listed.decode().split(",") if each)


def unsigned(content: bytes) -> bytes:
    """Without its signature: checking them takes a guest longer than all else that a module costs.

    The kit's content is its name; a kernel that enforces signatures is not the one we start.
    """
    if not content.endswith(_SIGNED):
        return content
    body = content[: -len(_SIGNED)]
    return body[: -12 - int.from_bytes(body[-4:], "big")]


def _name(file: str) -> str:
    return file.partition(".ko")[0].replace("-", "_")


def _unpacked(path: Path) -> bytes:
    unpack = _PACKINGS.get(path.suffix)
    return unpack(path.read_bytes()) if unpack else path.read_bytes()


def _zstd(packed: bytes) -> bytes:
    return subprocess.run(["zstd", "-dc"], input=packed, capture_output=True, check=True).stdout


_PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    ".xz": lzma.decompress,
    ".gz": gzip.decompress,
    ".zst": _zstd,
}
