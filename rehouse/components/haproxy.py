"""HAProxy's admin socket, and the configuration file that always says the same."""

import csv
import hashlib
import io
import os
import socket
from collections.abc import Iterable
from pathlib import Path

from rehouse.components.errors import OutOfReach
from rehouse.components.spec import Health, Part, ServiceSpec

# A dead instance is out after about a second: 3 checks of 250 ms. Not a setting: HAProxy waits
# one interval before its first check of a new server, so it is also what a shift waits for.
CHECK = "check inter 250ms fastinter 100ms rise 1 fall 3 pool-purge-delay 250ms"
SECONDS = 5


class Server(Part):
    """One instance as HAProxy knows it; the address is part of the name, so that a name never moves."""

    name: str
    address: str
    weight: int

    def arguments(self, checked: bool, weight: int) -> str:
        return f"{self.name} {self.address} {CHECK if checked else ''} weight {weight}".replace(
            "  ", " "
        )


class Seen(Part):
    """One server as HAProxy reports it."""

    name: str
    up: bool
    serves: bool
    check: str
    sessions: int


class Front(Part):
    """Frontend and backend of one service. Its name changes with its text: a name that runs, runs this text."""

    backend: str
    mode: str
    bind: str
    port: int
    check: str

    @property
    def name(self) -> str:
        digest = hashlib.sha256(self._text("").encode()).hexdigest()
        return f"{self.backend}.{digest[:8]}"

    def text(self, servers: Iterable[Server]) -> str:
        """The whole file."""
        return with_servers(self._text(self.name), servers)

    def _text(self, name: str) -> str:
        forwarded = "  option forwardfor\n" if self.mode == "http" else ""
        return (
            f"# Written by Rehouse, again at every shift.\n"
            f"frontend {name}\n  mode {self.mode}\n  bind {self.bind}:{self.port}\n{_IDLE[self.mode]}"
            f"  timeout client 1h\n  default_backend {self.backend}\n\n"
            f"backend {self.backend}\n  mode {self.mode}\n  balance roundrobin\n{forwarded}"
            f"  timeout connect 2s\n  timeout server 1h\n  timeout check 2s\n"
            f"  retries 3\n  option redispatch 1\n{self.check}"
        )


def with_servers(text: str, servers: Iterable[Server]) -> str:
    """The front that the text describes, with these servers instead of its own."""
    kept = [line for line in text.splitlines() if not line.startswith("  server ")]
    lines = [f"  server {each.arguments(True, each.weight)}" for each in servers]
    return "\n".join([*kept, *lines]) + "\n"


# Without the first, a reload closes idle connections under clients that are about to use them.
_IDLE = {"http": "  option idle-close-on-response\n  timeout http-keep-alive 1h\n", "tcp": ""}


def front_of(spec: ServiceSpec, label: str, bind: str) -> Front:
    """The front of a service; *label* names it among all that one HAProxy may carry."""
    mode = spec.router.mode
    return Front(
        backend=label, mode=mode, bind=bind, port=spec.published, check=_check_of(spec.health)
    )


def _check_of(health: Health) -> str:
    if not health.http:
        return ""  # HAProxy connects, and that is all it can do for exec as well
    return (
        "  option httpchk\n"
        f"  http-check send meth GET uri {health.http} ver HTTP/1.1 hdr Host rehouse\n"
        "  http-check expect status 200-399\n"
    )


class Haproxy:
    """An HAProxy that runs, by its admin socket; with its master socket it can be reloaded."""

    def __init__(self, admin: Path, master: Path | None) -> None:
        self._admin, self._master = admin, master

    def fronts(self) -> list[str]:
        """Names of the frontends."""
        return [row["# pxname"] for row in self._statistics() if row["svname"] == "FRONTEND"]

    def servers(self, backend: str) -> list[Seen] | None:
        """The servers of the backend, or None where there is no such backend."""
        rows = [row for row in self._statistics() if row["# pxname"] == backend]
        if not rows:
            return None
        return [_seen(row) for row in rows if row["svname"] not in ("FRONTEND", "BACKEND")]

    def add(self, backend: str, server: Server, checked: bool) -> None:
        """Known and checked, without traffic. The order matters: checks of a server in maintenance wait."""
        self._say(
            f"add server {backend}/{server.name} {_rest(server, checked)}", "New server registered."
        )
        self.enable(backend, server.name, checked)

    def enable(self, backend: str, name: str, checked: bool) -> None:
        """Out of maintenance, in which whoever added it may have been interrupted."""
        self._say(f"enable server {backend}/{name}")
        if checked:
            self._say(f"enable health {backend}/{name}")

    def weigh(self, backend: str, server: Server) -> None:
        self._say(f"set server {backend}/{server.name} state ready")
        self._say(f"set server {backend}/{server.name} weight {server.weight}")

    def drain(self, backend: str, name: str) -> None:
        self._say(f"set server {backend}/{name} state drain")

    def cut(self, backend: str, name: str) -> None:
        self._say(f"set server {backend}/{name} state maint")
        self._say(f"shutdown sessions server {backend}/{name}")

    def delete(self, backend: str, name: str) -> bool:
        """False while connections are still attached to it."""
        answer = self._ask(f"del server {backend}/{name}")
        return "Server deleted" in answer or "No such server" in answer

    def is_there(self) -> bool:
        """Whether all its sockets answer: one that has just been started opens them one by one."""
        try:
            for path in filter(None, (self._admin, self._master)):
                _converse(path, "help")
        except OutOfReach:
            return False
        return True

    @property
    def can_reload(self) -> bool:
        return self._master is not None

    def reload(self) -> None:
        if self._master:
            _converse(self._master, "reload")

    def _statistics(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self._ask("show stat"))))

    def _say(self, command: str, expected: str = "") -> None:
        answer = self._ask(command).strip()
        if answer != expected:
            where, fix = (
                f"router at {self._admin}",
                "see HAProxy's own log, then run the update again",
            )
            raise OutOfReach(where, f"HAProxy answered '{answer}' to '{command}'", fix)

    def _ask(self, command: str) -> str:
        return _converse(self._admin, command)


def _rest(server: Server, checked: bool) -> str:
    return server.arguments(checked, weight=0).removeprefix(f"{server.name} ")


def _seen(row: dict[str, str]) -> Seen:
    check = row["check_status"].removeprefix("* ")
    up = row["status"].startswith(("UP", "no check", "DRAIN", "NOLB"))
    serves = int(row["weight"] or 0) > 0 and not row["status"].startswith(("DRAIN", "MAINT"))
    return Seen(
        name=row["svname"], up=up, serves=serves, check=check, sessions=int(row["scur"] or 0)
    )


def _converse(path: Path, command: str) -> str:
    """One command, one answer; HAProxy closes the connection after it."""
    answer = b""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS)
            _connect(connection, path)
            connection.sendall(command.encode() + b"\n")
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                answer += chunk
    except OSError as error:
        fix = "see that HAProxy runs and that this user may open its socket; start it, then run the update again"
        raise OutOfReach(
            f"router at {path}", f"does not answer: {error.strerror or error}", fix
        ) from error
    return answer.decode(errors="replace")


def _connect(connection: socket.socket, path: Path) -> None:
    """By way of its folder: the path of a socket has 107 bytes at most (unix(7)), homes may be deep."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        connection.connect(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
