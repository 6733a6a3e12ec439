"""Docker daemons that a test may stop, kill and start: the lab's own, and more beside it."""

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.certificates import Certificates, make_certificates
from lab.errors import LabError
from lab.inside.services import docker_answers, dockerd, spawn, wait_for
from lab.places import CONTAINERD_SOCKET, DOCKER_PIDFILE, DOCKER_SOCKET, current
from lab.processes import Process

_PATIENCE = 60


@dataclass(frozen=True)
class Daemon:
    """One dockerd, told from others by its pidfile."""

    command: list[str]
    url: str
    socket: Path
    pidfile: Path
    log: Path
    certificates: Certificates | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a Docker client needs to talk to it."""
        if self.certificates is None:
            return {"DOCKER_HOST": self.url}
        folder = str(self.certificates.client)
        return {"DOCKER_HOST": self.url, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": folder}

    def start(self) -> None:
        process = spawn(self.command, self.log)
        wait_for("dockerd", process, lambda: docker_answers(self.socket), self.log)

    def stop(self) -> None:
        """As an administrator would: its containers are stopped too."""
        self.signal(signal.SIGTERM)

    def kill(self) -> None:
        """As a crash would: its containers go on, and nobody speaks for them."""
        self.signal(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def signal(self, number: signal.Signals) -> None:
        """Send it, and wait for the daemon's end."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            process = Process.of(int(self.pidfile.read_text()))
            os.kill(process.pid, number)
            _wait_for_end(process)
        # A killed one leaves it, and the number in it may be somebody else's when it starts again.
        self.pidfile.unlink(missing_ok=True)


def the_labs_own() -> Daemon:
    places = current()
    log = places.logs / "docker.log"
    return Daemon(dockerd(places), f"unix://{DOCKER_SOCKET}", DOCKER_SOCKET, DOCKER_PIDFILE, log)


@contextlib.contextmanager
def another_dockerd(*, tls: bool = False, live_restore: bool = False) -> Iterator[Daemon]:
    """A daemon with addresses of its own; with tls it listens on loopback too, under mutual TLS.

    With live_restore its containers go on while it is stopped.
    """
    number, folder = _claim(current().root / "daemons")
    try:
        daemon = _over_tls(folder, number) if tls else _over_socket(folder, number)
        daemon.command.extend(["--live-restore"] if live_restore else [])
        with _default_bridge(number), _running(daemon):
            yield daemon
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(daemon: Daemon) -> Iterator[None]:
    daemon.start()
    try:
        yield
    finally:
        if not daemon.pidfile.exists():
            daemon.start()  # Only a daemon can end the containers that outlived its crash.
        daemon.stop()


@contextlib.contextmanager
def _default_bridge(number: int) -> Iterator[None]:
    """One of its own."""
    name = _bridge(number)
    commands = (
        f"link add {name} type bridge",
        f"address add 10.{100 + number}.0.1/24 dev {name}",
        f"link set {name} up",
    )
    _ip(*commands)
    try:
        yield
    finally:
        _ip(f"link delete {name}")


def _bridge(number: int) -> str:
    return f"lab-docker{number}"


def _ip(*commands: str) -> None:
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)


def _own_identity(folder: Path) -> list[str]:
    """Docker 20.10 takes a daemon's ID from a file in /etc; later ones keep it with their data."""
    version = subprocess.run(["/usr/sbin/dockerd", "--version"], capture_output=True, check=True)
    if not version.stdout.startswith(b"Docker version 20."):
        return []
    settings = folder / "daemon.json"
    settings.write_text(json.dumps({"deprecated-key-path": f"{folder}/key.json"}))
    return [f"--config-file={settings}"]


def _over_socket(folder: Path, number: int) -> Daemon:
    path = Path(f"/run/docker-{number}.sock")
    pidfile = Path(f"/run/docker-{number}.pid")
    command = [
        "/usr/sbin/dockerd",
        f"--data-root={folder}/data",
        f"--exec-root=/run/docker-{number}",
        f"--pidfile={pidfile}",
        f"--host=unix://{path}",
        f"--containerd={CONTAINERD_SOCKET}",
        f"--containerd-namespace=docker-{number}",
        f"--containerd-plugins-namespace=docker-{number}-plugins",
        f"--cgroup-parent={current().cgroup_parent}",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        f"--bridge={_bridge(number)}",
        f"--default-address-pool=base=10.{100 + number}.128.0/17,size=24",
        # A second owner of the chains would wipe those of the first when it starts.
        "--iptables=false",
        *_own_identity(folder),
    ]
    return Daemon(command, f"unix://{path}", path, pidfile, folder / "log")


def _over_tls(folder: Path, number: int) -> Daemon:
    plain = _over_socket(folder, number)
    certificates = make_certificates(folder / "certificates")
    url = f"tcp://127.0.0.1:{free_port()}"
    server = certificates.server
    command = [
        *plain.command,
        f"--host={url}",
        "--tlsverify",
        f"--tlscacert={server}/ca.pem",
        f"--tlscert={server}/cert.pem",
        f"--tlskey={server}/key.pem",
    ]
    return Daemon(command, url, plain.socket, plain.pidfile, plain.log, certificates)


def _claim(base: Path) -> tuple[int, Path]:
    """A number that is ours alone, and a folder of that number; two test processes may ask."""
    base.mkdir(exist_ok=True)
    for number in itertools.count(1):
        with contextlib.suppress(FileExistsError):
            (base / str(number)).mkdir()
            return number, base / str(number)
    raise AssertionError("the numbers do not end")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for_end(process: Process) -> None:
    deadline = time.monotonic() + _PATIENCE
    while process.alive:
        if time.monotonic() > deadline:
            raise LabError("dockerd", f"process {process.pid} does not end", "see its log")
        time.sleep(0.02)
