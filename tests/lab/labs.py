"""A lab of a test's own, and what the machine shows of it."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lab.places import CHECKOUT, Places
from lab.state import read_state

PATIENCE = 60
# Not the mounts: to hold them would keep what they cover.
KINDS = ("net", "pid")


@dataclass(frozen=True)
class Lab:
    """Commands on one lab, run as a developer runs them."""

    name: str
    held: list[int] = field(default_factory=list)

    @property
    def places(self) -> Places:
        return Places(self.name)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "lab", "--name", self.name, *words]

    def start(self, *words: str, **options: object) -> "subprocess.Popen[str]":
        defaults = {
            "cwd": CHECKOUT,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
        }
        return subprocess.Popen(self.command(*words), **{**defaults, **options})  # type: ignore[call-overload, no-any-return]

    def call(self, *words: str, **options: object) -> "subprocess.CompletedProcess[str]":
        process = self.start(*words, **options)
        try:
            out, error = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, error)

    def run(self, *command: str, **options: object) -> "subprocess.CompletedProcess[str]":
        return self.call("run", "--", *command, **options)

    def namespaces(self) -> set[str]:
        """The namespaces that are the lab's alone; held, as the kernel soon reuses their names."""
        state = read_state(self.places)
        assert state is not None, f"lab {self.name} is not up"
        process = Path("/proc") / str(state.first.pid)
        self.held.extend(os.open(process / "ns" / kind, os.O_RDONLY) for kind in KINDS)
        return namespaces_of(process)

    def let_go(self) -> None:
        while self.held:
            os.close(self.held.pop())

    def traces(self, namespaces: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]
        """Everything on the machine that is of this lab: there is to be nothing."""
        return sorted(
            [
                *(str(path) for path in Path("/var/tmp").glob(f"{self.places.title}*")),
                *(str(path) for path in self.places.cgroups),
                *(line for line in mounts() if self.places.title in line),
                *processes(self.name, namespaces),
            ]
        )


def processes(name: str, namespaces: set[str]) -> list[str]:
    """Processes that work for a lab of this name, or live in one of these namespaces."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            named = name in words or f"rehouse-lab-{name}" in " ".join(words)
            if named or namespaces_of(entry) & namespaces:
                found.append(f"{entry.name}: {' '.join(words)}")
    return found


def namespaces_of(process: Path) -> set[str]:
    return {str((process / "ns" / kind).readlink()) for kind in KINDS}


def mounts() -> list[str]:
    return Path("/proc/self/mountinfo").read_text().splitlines()


def machine() -> dict[str, object]:
    """What a lab must not change on the machine around it."""
    folders = (
        "/etc/docker",
        "/etc/libvirt",
        "/opt",
        "/run",
        "/var/lib/libvirt",
        "/var/log/libvirt",
    )
    return {
        "links": output("ip", "-o", "link").count("\n"),
        "addresses": output("ip", "-br", "address"),
        "rules": output("iptables-save"),
        "forwarding": Path("/proc/sys/net/ipv4/ip_forward").read_text(),
        "mounts": len(mounts()),
        "kvm": Path("/dev/kvm").stat() if Path("/dev/kvm").exists() else None,
        "machine cgroup": sorted(Path("/sys/fs/cgroup").glob("*/machine")),
        **{folder: output("find", folder, "-maxdepth", "3") for folder in folders},
    }


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def wait_until(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.001)
