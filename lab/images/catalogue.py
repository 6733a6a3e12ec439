"""Which images the lab's registry offers."""

import os
from collections.abc import Iterator
from pathlib import Path

from lab.errors import LabError
from lab.images.closure import HAPROXY, closure
from lab.images.layer import Layer, make_layer
from lab.images.storage import Image
from lab.toolchain import build

EXAMPLE = Path(__file__).parent.parent / "example"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_USER = "65532:65532"
_ACCOUNTS = {
    "etc/passwd": b"root:x:0:0:root:/:/\nhaproxy:x:65532:65532:haproxy:/:/\n",
    "etc/group": b"root:x:0:\nhaproxy:x:65532:\n",
}


def images(work: Path) -> Iterator[Image]:
    here = architecture()
    example = make_layer({"example": build(EXAMPLE, work)}, {"tmp": 0o1777})
    for version in range(1, 6):
        yield _example(str(version), example, here, str(version), _USER)
    yield _example("root", example, here, "1", "")
    yield _example(foreign(here), example, foreign(here), "1", _USER)
    yield _haproxy(here)


def architecture() -> str:
    machine = os.uname().machine
    if machine not in _ARCHITECTURES:
        raise LabError("lab", f"no images for a machine of type {machine}", "use x86_64 or aarch64")
    return _ARCHITECTURES[machine]


def foreign(here: str) -> str:
    """An architecture that this machine is not, for what must be refused."""
    return "arm64" if here == "amd64" else "amd64"


def _example(tag: str, layer: Layer, machine: str, version: str, user: str) -> Image:
    config = {
        "Entrypoint": ["/example"],
        "Env": ["PATH=/", f"VERSION={version}"],
        "ExposedPorts": {"8080/tcp": {}},
        "User": user,
        "WorkingDir": "/",
    }
    return Image("example", tag, layer, machine, config)


def _haproxy(machine: str) -> Image:
    """Root, as the one who mounts a socket and a configuration decides whom to become."""
    folders = {"tmp": 0o1777, "run/haproxy": 0o755, "var/lib/haproxy": 0o755, "etc/haproxy": 0o755}
    layer = make_layer({**closure(HAPROXY), **_ACCOUNTS}, folders)
    config = {
        "Entrypoint": ["/usr/sbin/haproxy"],
        "Cmd": ["-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"],
        "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
        "StopSignal": "SIGUSR1",
        "WorkingDir": "/",
    }
    return Image("haproxy", "2.6", layer, machine, config)
