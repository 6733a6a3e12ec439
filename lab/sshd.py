"""An SSH server on loopback inside the lab, for clients that reach Docker over ssh://."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.daemons import free_port
from lab.errors import LabError
from lab.inside.services import spawn, tail
from lab.places import current

_PATIENCE = 20
_SSHD = "/usr/sbin/sshd"
_SERVER = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/key.pub
PidFile none
PasswordAuthentication no
PermitRootLogin prohibit-password
# The folders above ours are everybody's.
StrictModes no
# Docker's clients open many short connections at once.
MaxStartups 200
MaxSessions 200
UsePAM yes
SetEnv {environment}
"""
_CLIENT = """\
Host *
    IdentityFile {folder}/key
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known_hosts
    StrictHostKeyChecking yes
    BatchMode yes
    ControlMaster auto
    ControlPath {folder}/%C
    ControlPersist 10
"""


@dataclass(frozen=True)
class Sshd:
    """A server, and what a client needs to reach it."""

    url: str
    port: int
    key: Path
    known_hosts: Path
    config: Path  # for ssh -F
    programs: Path  # a folder with an `ssh` that uses that configuration
    log: Path

    @property
    def environment(self) -> dict[str, str]:
        """For clients that run ssh from PATH: Docker's, and Pulumi's provider."""
        path = f"{self.programs}:{os.environ.get('PATH', os.defpath)}"
        return {"DOCKER_HOST": self.url, "PATH": path}


@contextlib.contextmanager
def sshd(environment: Mapping[str, str] | None = None) -> Iterator[Sshd]:
    """Its sessions get this environment: DOCKER_HOST says to which daemon ssh:// leads."""
    if not Path(_SSHD).exists():
        raise LabError.missing(_SSHD, "openssh-server")
    variables = {"DOCKER_CONFIG": "/run/docker-config"} | dict(environment or {})
    # In /run: a control socket's path may have little more than 100 characters.
    with tempfile.TemporaryDirectory(prefix="sshd-", dir="/run") as folder:
        server = _prepare(Path(folder), free_port(), variables)
        with _running(server), contextlib.ExitStack() as closing:
            closing.callback(_end_master, server)
            yield server


def _prepare(folder: Path, port: int, variables: Mapping[str, str]) -> Sshd:
    for name in ("host", "key"):
        _make_key(folder / name)
    setting = " ".join(f'"{name}={value}"' for name, value in variables.items())
    text = _SERVER.format(port=port, folder=folder, environment=setting)
    (folder / "sshd_config").write_text(text)
    (folder / "config").write_text(_CLIENT.format(folder=folder))
    host = (folder / "host.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host}")
    return Sshd(
        url=f"ssh://root@127.0.0.1:{port}",
        port=port,
        key=folder / "key",
        known_hosts=folder / "known_hosts",
        config=folder / "config",
        programs=_make_programs(folder),
        log=current().logs / f"sshd-{port}.log",
    )


def _make_key(path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(path)]
    subprocess.run(command, check=True)


def _make_programs(folder: Path) -> Path:
    # ssh takes its home from /etc/passwd and not from HOME: only a program in PATH can lead it. What comes
    # first on its command line holds: connections that a client wants to share end with the server too.
    ssh = folder / "bin" / "ssh"
    ssh.parent.mkdir()
    real = shutil.which("ssh") or "/usr/bin/ssh"
    ssh.write_text(f'#!/bin/sh\nexec {real} -F {folder}/config -o ControlPath={folder}/%C "$@"\n')
    ssh.chmod(0o755)
    return ssh.parent


@contextlib.contextmanager
def _running(server: Sshd) -> Iterator[None]:
    process = spawn(
        [_SSHD, "-D", "-e", "-f", str(server.config.with_name("sshd_config"))], server.log
    )
    try:
        _wait(process, server)
        yield
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _end_master(server: Sshd) -> None:
    """The connection that clients share outlives them, and would outlive the server."""
    command = ["ssh", "-F", str(server.config), "-O", "exit", "-p", str(server.port)]
    subprocess.run([*command, "root@127.0.0.1"], capture_output=True, check=False)


def _wait(process: "subprocess.Popen[bytes]", server: Sshd) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port)):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise LabError("sshd", f"did not come up\n{tail(server.log)}", f"see {server.log}")
        time.sleep(0.02)
