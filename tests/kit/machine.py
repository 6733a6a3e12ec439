"""A guest on plain QEMU, without libvirt: what the boot kit promises is the kit's alone."""

import base64
import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehouse.kit.disk import configuration_disk
from rehouse.kit.store import Kit

FASTEST = ("q35", "-bios", "qboot.rom")  # of QEMU 7.2, with nothing but what it brings along
USUAL = ("pc",)
PATIENCE = 90  # an emulated guest on a busy machine
MAC = "52:54:00:12:34:56"
_OPEN = ":1F90 0000000000000000FFFF00000202000A:"  # an open connection from the host to port 8080
CONFIG = {
    "instance": "web-1234567-0",
    "generation": "web-1234567",
    "hostname": "web-1234567-0",
    "machine_id": "0123456789abcdef0123456789abcdef",
    "address": "10.0.2.15/24",
    "gateway": "10.0.2.2",
    "mac": MAC,
    "entrypoint": ["/example"],
    "user": "65532:65532",
    "workdir": "/",
    "env": {"REHOUSE_GENERATION": "web-1234567"},
    "read_only": True,
    "capabilities": [],
    "pids": 64,
    "stop": {"signal": "SIGTERM", "grace": 10},
}


@dataclass
class Machine:
    """A running QEMU."""

    process: subprocess.Popen
    folder: Path
    port: int

    @property
    def console(self) -> str:
        return (self.folder / "console").read_text(errors="replace")

    def get(self, path: str = "/", seconds: float = 0.5) -> Any:
        """JSON, or text; waits until somebody answers. QEMU takes a connection before its guest can."""
        return until(lambda: self._get(path, seconds), self._why)

    def _get(self, path: str, seconds: float) -> Any:
        assert self.process.poll() is None, self._why()
        url = f"http://127.0.0.1:{self.port}{path}"
        with suppress(OSError, ValueError), _opened(url, seconds) as answer:
            text = answer.read().decode()
            return json.loads(text) if text.startswith("{") else text
        return None

    def prints(self, pattern: str) -> Any:
        """Waits until the console says so."""
        return until(lambda: re.search(pattern, self.console), self._why)

    def ends(self) -> int:
        """Waits for the end of QEMU, and returns its exit code."""
        return self.process.wait(PATIENCE)

    def press_power_button(self) -> None:
        self.monitor("system_powerdown")

    def monitor(self, command: str) -> None:
        with _connected(self.folder / "monitor") as line:
            for each in ("qmp_capabilities", command):
                line.sendall(json.dumps({"execute": each}).encode() + b"\n")
                _answer(line)

    def agent(self, command: str, **arguments: Any) -> Any:
        with _connected(self.folder / "agent") as line:
            asked = {"execute": command, "arguments": arguments}
            line.sendall(json.dumps(asked).encode() + b"\n")
            return _answer(line)

    def agent_ready(self) -> bool:
        """Waits until the guest hears: its agent comes after the buttons."""
        return bool(self.agent("guest-ping"))

    def agent_told(self, command: str, **arguments: Any) -> None:
        """For what is not answered."""
        with _connected(self.folder / "agent") as line:
            line.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")

    def asked(self) -> None:
        """Waits until what was asked on another thread has reached the service."""
        connections = "/proc/net/tcp6"
        until(lambda: _OPEN in self.run("/probe", "cat", connections).out, self._why)

    def ended(self, pid: int) -> dict[str, Any]:
        """Waits for the end of what the agent has started."""
        found: dict[str, Any] = until(lambda: self._ended(pid), self._why)
        return found

    def run(self, *words: str, **how: Any) -> "Ran":
        """Inside the guest, by the agent, until it has ended."""
        wanted = {"path": words[0], "arg": list(words[1:]), "capture-output": True, **how}
        pid = self.agent("guest-exec", **wanted)["return"]["pid"]
        ended = self.ended(pid)
        return Ran(ended.get("exitcode"), _text(ended, "out-data"), _text(ended, "err-data"))

    def _ended(self, pid: int) -> dict[str, Any] | None:
        status = self.agent("guest-exec-status", pid=pid)["return"]
        return status if status["exited"] else None

    def _why(self) -> str:
        return f"QEMU {self.process.poll()}, console:\n{self.console}"


@dataclass(frozen=True)
class Ran:
    code: int | None
    out: str
    err: str


@contextmanager
def started(
    kit: Kit,
    disk: Path,
    folder: Path,
    memory: int = 128,
    machine: tuple[str, ...] = FASTEST,
    append: str = "",
    secrets: dict[str, str] | None = None,
    **config: Any,
) -> Iterator[Machine]:
    """A guest with this configuration over the usual one; it is killed at the end."""
    configuration = folder / "configuration"
    configuration.write_bytes(configuration_disk({**CONFIG, **config}, secrets or {}))
    (folder / "console").touch()
    port = free_port()
    process = subprocess.Popen(
        qemu(kit, disk, configuration, folder, port, memory, machine, append),
        stdin=subprocess.DEVNULL,
        stderr=(folder / "errors").open("w"),
    )
    try:
        until((folder / "monitor").exists, lambda: (folder / "errors").read_text())
        yield Machine(process, folder, port)
    finally:
        process.kill()
        process.wait()


def qemu(
    kit: Kit,
    disk: Path,
    configuration: Path,
    folder: Path,
    port: int,
    memory: int,
    machine: tuple[str, ...],
    append: str,
) -> list[str]:
    return [
        "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-machine", *machine, "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", f"{memory}M",
        "-kernel", str(kit.kernel), "-initrd", str(kit.initramfs),
        "-append", f"{kit.command_line} {append}",
        *_disk("root", disk), *_disk("configuration", configuration),
        "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{port}-:8080",
        "-device", f"virtio-net-pci,netdev=net,mac={MAC},romfile=",
        "-device", "virtio-rng-pci",
        "-serial", f"file:{folder}/console",
        "-device", "virtio-serial-pci",
        "-chardev", f"socket,id=agent,path={folder}/agent,server=on,wait=off",
        "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
        "-qmp", f"unix:{folder}/monitor,server=on,wait=off",
    ]  # fmt: skip


def _disk(name: str, path: Path) -> list[str]:
    drive = f"if=none,id={name},file={path},format=raw,readonly=on"
    return ["-drive", drive, "-device", f"virtio-blk-pci,drive={name}"]


def until(look: Any, why: Any) -> Any:
    """The first thing that is not false or None."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {PATIENCE} s; {why()}")


def free_port() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])


def _opened(url: str, seconds: float) -> Any:
    try:
        return urllib.request.urlopen(url, timeout=seconds)
    except urllib.error.HTTPError as error:
        return error


def _connected(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(PATIENCE)
    line.connect(str(path))
    return line


def _answer(line: socket.socket) -> Any:
    """The first line that is an answer: a monitor greets, and tells of events."""
    lines = line.makefile("rb")
    while text := lines.readline():
        said = json.loads(text.rpartition(b"\xff")[2])
        if "return" in said or "error" in said:
            return said
    return None


def _text(words: dict[str, str], key: str) -> str:
    return base64.b64decode(words.get(key, "")).decode()
