"""The kernel inside a vmlinuz: an ELF file that QEMU starts at once, without unpacking it on the guest's time."""

import bz2
import gzip
import lzma
import subprocess
from collections.abc import Callable

from rehouse.components.errors import OutOfReach

# The boot protocol, Documentation/x86/boot.rst of the kernel: where the header says things.
_SECTORS, _MAGIC, _VERSION, _PAYLOAD, _LENGTH = 0x1F1, 0x202, 0x206, 0x248, 0x24C
_ELF = b"\x7fELF"


def vmlinux(vmlinuz: bytes) -> bytes:
    """The ELF file in it; :class:`OutOfReach` where it is packed in a way that we cannot undo."""
    payload = _payload(vmlinuz)
    for magic, unpack in _PACKINGS.items():
        if payload.startswith(magic):
            kernel = unpack(payload)
            if kernel.startswith(_ELF):
                return kernel
    raise OutOfReach(
        "kit: vmlinuz",
        f"its kernel is packed in a way that is not known here: {payload[:8].hex(' ')}",
        "use a kernel of Debian 12 or 13",
    )


def _payload(vmlinuz: bytes) -> bytes:
    """What is packed, without the four bytes after it that say how long it was."""
    if vmlinuz[_MAGIC : _MAGIC + 4] != b"HdrS" or _number(vmlinuz, _VERSION, 2) < 0x208:
        raise OutOfReach("kit: vmlinuz", "not a kernel for x86", "use a kernel of Debian 12 or 13")
    begin = (vmlinuz[_SECTORS] + 1) * 512 + _number(vmlinuz, _PAYLOAD, 4)
    return vmlinuz[begin : begin + _number(vmlinuz, _LENGTH, 4) - 4]


def _number(data: bytes, place: int, length: int) -> int:
    return int.from_bytes(data[place : place + length], "little")


def _by(program: str) -> Callable[[bytes], bytes]:
    """A program of that name unpacks it."""

    def unpack(packed: bytes) -> bytes:
        try:
            return subprocess.run([program, "-dc"], input=packed, capture_output=True).stdout
        except FileNotFoundError:
            what, fix = f"unpacking the kernel needs {program}", f"apt-get install {program}"
            raise OutOfReach("kit: vmlinuz", what, fix) from None

    return unpack


_PACKINGS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x02\x21\x4c\x18": _by("lz4"),
    b"\x28\xb5\x2f\xfd": _by("zstd"),
    b"\x1f\x8b": gzip.decompress,
    b"\xfd7zXZ": lzma.decompress,
    b"BZh": bz2.decompress,
}
