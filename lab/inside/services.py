"""The daemons every lab has: Docker and a registry."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from lab.errors import LabError
from lab.places import (
    CONTAINERD_SOCKET,
    DOCKER_BRIDGE,
    DOCKER_PIDFILE,
    DOCKER_SOCKET,
    REGISTRY,
    Places,
)

_PATIENCE = 60
# Not the caller's environment: a proxy or a debug switch in it is none of a daemon's business.
ENVIRONMENT = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}

_CONTAINERD_SETTINGS = """\
version = 2
root = "{root}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[plugins."io.containerd.internal.v1.opt"]
path = "{root}/containerd-opt"
"""


def start(places: Places) -> None:
    containerd = spawn(_containerd(places), places.logs / "containerd.log")
    docker = spawn(dockerd(places), places.logs / "docker.log")
    registry = spawn(_registry(places), places.logs / "registry.log")
    wait_for("containerd", containerd, CONTAINERD_SOCKET.exists, places.logs / "containerd.log")
    wait_for("docker", docker, lambda: docker_answers(DOCKER_SOCKET), places.logs / "docker.log")
    wait_for("registry", registry, _registry_answers, places.logs / "registry.log")


def _containerd(places: Places) -> list[str]:
    """One of our own and not dockerd's: that one makes /opt/containerd on the machine."""
    path = places.root / "containerd.toml"
    path.write_text(_CONTAINERD_SETTINGS.format(root=places.root))
    return ["/usr/bin/containerd", f"--config={path}"]


def dockerd(places: Places) -> list[str]:
    return [
        "/usr/sbin/dockerd",
        f"--data-root={places.root}/docker",
        "--exec-root=/run/docker",
        f"--containerd={CONTAINERD_SOCKET}",
        f"--pidfile={DOCKER_PIDFILE}",
        f"--host=unix://{DOCKER_SOCKET}",
        f"--bridge={DOCKER_BRIDGE}",
        "--default-address-pool=base=172.18.0.0/15,size=24",  # by default there are 30, and no more
        f"--cgroup-parent={places.cgroup_parent}",
        "--exec-opt=native.cgroupdriver=cgroupfs",
    ]


def spawn(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=ENVIRONMENT,
            start_new_session=True,
        )


def wait_for(
    name: str, daemon: "subprocess.Popen[bytes]", answers: Callable[[], bool], log: Path
) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not answers():
        if daemon.poll() is not None or time.monotonic() > deadline:
            raise LabError(name, f"did not come up\n{tail(log)}", f"see {log}")
        time.sleep(0.02)


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def docker_answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
        client.settimeout(5)
        client.connect(os.fspath(path))
        client.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
        return b" 200 " in client.recv(64)
    return False


def _registry(places: Places) -> list[str]:
    storage = {"rootdirectory": f"{places.root}/registry"}
    # JSON is YAML.
    settings = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": storage, "delete": {"enabled": True}},
        "http": {"addr": REGISTRY},
    }
    path = places.root / "registry.json"
    path.write_text(json.dumps(settings))
    return ["/usr/bin/docker-registry", "serve", str(path)]


def _registry_answers() -> bool:
    client = http.client.HTTPConnection(REGISTRY, timeout=5)
    with contextlib.closing(client), contextlib.suppress(OSError, http.client.HTTPException):
        client.request("GET", "/v2/")
        return client.getresponse().status == http.HTTPStatus.OK
    return False
