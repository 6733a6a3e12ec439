"""A Docker daemon behind ssh, as a socket on this machine.

Not by the docker package: it starts ssh from a forked copy of the process, which gRPC's threads do not always
survive, and all of this runs inside gRPC servers.
"""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from pwd import getpwuid
from typing import IO
from urllib.parse import urlsplit

from rehouse.components.scratch import scratch

# One connection carries all: each by itself would be a handshake, and sshd turns away more than ten at once.
SSH_OPTIONS = (
    *("-o", "ControlMaster=auto"),
    *("-o", "ControlPath=~/.ssh/rehouse-%C"),
    *("-o", "ControlPersist=60"),
    *("-o", "ServerAliveInterval=15"),  # a line that is dead is noticed after three of these
)


class Tunnel:
    """Each connection to its socket is one ``docker system dial-stdio`` over there."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._command, self._log = command, folder / "ssh.log"
        self._path = folder / "docker.sock"
        self._started: list[subprocess.Popen[bytes]] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"unix://{self._path}"

    def said(self) -> str:
        """What ssh had to say, if anything."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._started:
            each.terminate()
            each.wait()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            with client, self._log.open("a") as log:
                try:
                    self._start(client.fileno(), log)
                except OSError as error:
                    log.write(f"{self._command[0]}: {error.strerror}")

    def _start(self, client: int, log: IO[str]) -> None:
        started = subprocess.Popen(self._command, stdin=client, stdout=client, stderr=log)
        self._started.append(started)


@contextmanager
def tunnel(url: str) -> Iterator[Tunnel]:
    """To the daemon at ``ssh://[user@]host[:port]``, by the ssh in PATH and its configuration."""
    _make_folder()
    with scratch() as made:
        opened = Tunnel(ssh_command(url), made.folder)
        try:
            yield opened
        finally:
            opened.close()


def ssh_command(url: str) -> list[str]:
    """The same that the Pulumi provider runs, so that both share a connection; it never asks a person."""
    place = urlsplit(url)
    user = ["-l", place.username] if place.username else []
    port = ["-p", str(place.port)] if place.port else []
    options = [*SSH_OPTIONS, "-o", "ConnectTimeout=30", "-o", "BatchMode=yes", "-T"]
    command = ["docker", "system", "dial-stdio"]
    return ["ssh", *user, *port, *options, "--", place.hostname or "", *command]


def _make_folder() -> None:
    """ssh keeps shared connections there and does not make the folder for them; it does not ask $HOME."""
    with suppress(
        KeyError, OSError
    ):  # a user without an entry, or a home that is read-only: ssh says so itself
        Path(getpwuid(os.getuid()).pw_dir, ".ssh").mkdir(mode=0o700, exist_ok=True)
