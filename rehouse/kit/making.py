"""From packages and source to a kit, once for the same of them."""

import hashlib
import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rehouse.components.errors import OutOfReach
from rehouse.kit import golang, modules, store
from rehouse.kit.cpio import archive
from rehouse.kit.kernel import vmlinux
from rehouse.kit.packages import Package, newest, unpack
from rehouse.kit.store import Kit

KERNEL = "linux-image-cloud-amd64"  # drivers for guests, few others
FOLDERS = ("cgroup", "dev", "image", "layers", "modules", "modules/early", "modules/late",
           "proc", "root", "sys")  # fmt: skip
# Silent, and without what a guest need not find out; a kernel that panics ends the guest.
COMMAND_LINE = (
    "console=ttyS0 panic=-1 loglevel=0 no_timer_check tsc=reliable cryptomgr.notests "
    "random.trust_cpu=on unknown_nmi_panic ipv6.disable_ipv6=1 noautogroup"
)


def kit(home: Path, say: Callable[[str], None]) -> Kit:
    """The kit of what apt has now; made where it is not there.

    Raises :class:`OutOfReach` where apt, Go or a program to unpack with is missing.
    """
    go = golang.find()
    package = _kernel_package()
    inputs = inputs_of(package, go)
    known = store.made_from(home, inputs)
    if known:
        return known
    say(f"kit: from {package.name} {package.version} and {golang.version(go)} …")
    files, facts = _made(package, go)
    return store.keep(home, inputs, files, facts)


def inputs_of(package: Package, go: Path) -> str:
    """One sum of all that the bytes of a kit depend on."""
    words = [package.name, package.version, package.sha256, golang.version(go), _sum_of_source()]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def _kernel_package() -> Package:
    """What the package without a version in its name stands for now."""
    depends = newest(KERNEL).depends
    named = re.match(r"(linux-image-\S+-cloud-amd64)", depends)
    if not named:
        raise OutOfReach("kit", f"{KERNEL} names no kernel: {depends}", "apt-get update")
    return newest(named[1])


def _sum_of_source() -> str:
    here = Path(__file__).parent
    sources = [*here.glob("*.py"), *here.glob("init/*.go"), here / "init/go.mod"]
    total = hashlib.sha256()
    for path in sorted(sources):
        if not path.name.endswith("_test.go"):
            total.update(f"{path.relative_to(here)}\0{path.stat().st_size}\0".encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def _made(package: Package, go: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="rehouse-kit-") as temporary:
        work = Path(temporary)
        root = unpack(package, work)
        release = next((root / "lib/modules").iterdir()).name
        files = {
            "vmlinux": vmlinux((root / f"boot/vmlinuz-{release}").read_bytes()),
            "initramfs": initramfs(golang.build(go, work), root / "lib/modules" / release),
        }
    packages = {package.name: package.version}
    return files, {"kernel": release, "packages": packages, "command_line": COMMAND_LINE}


def initramfs(init: bytes, folder: Path) -> bytes:
    """Not packed: a guest copies it faster than it unpacks it."""
    known = modules.modules_of(folder)
    early = modules.in_order(known, modules.EARLY)
    late = {
        name: content
        for name, content in modules.in_order(known, modules.LATE).items()
        if name not in early
    }
    files = {"init": init, **_numbered("early", early), **_numbered("late", late)}
    return archive(files, FOLDERS, frozenset({"init"}))


def _numbered(stage: str, contents: dict[str, bytes]) -> dict[str, bytes]:
    return {
        f"modules/{stage}/{number:02}-{name}.ko": content
        for number, (name, content) in enumerate(contents.items())
    }
