"""An HAProxy that runs, by its admin socket."""

import csv
import io
import os
import socket
from pathlib import Path

from rehouse.components.errors import OutOfReach
from rehouse.components.front import Doors, Server
from rehouse.components.spec import Part

SECONDS = 5


class Seen(Part):
    """One server as HAProxy reports it."""

    name: str
    up: bool
    serves: bool
    check: str
    sessions: int
    weight: int = 0
    status: str = ""  # as HAProxy calls it: UP, DOWN, MAINT, DRAIN, no (check)

    @property
    def share(self) -> int:
        """Its weight, as far as it is let: none while it is kept back, whatever HAProxy remembers."""
        return 0 if self.status in ("MAINT", "DRAIN") else self.weight


class Traffic(Part):
    """What one server has answered since HAProxy knows it; *latency* is the average of its last 1024 answers."""

    name: str
    answered: int
    failed: int
    latency: float  # seconds


class Haproxy:
    """An HAProxy that runs, by its admin socket; with its master socket it can be reloaded."""

    def __init__(self, admin: Path, master: Path | None) -> None:
        self._admin, self._master = admin, master

    @classmethod
    def behind(cls, doors: Doors) -> "Haproxy":
        return cls(Path(doors.admin), Path(doors.master) if doors.master else None)

    def fronts(self) -> list[str]:
        """Names of the frontends."""
        return [row["# pxname"] for row in self._statistics() if row["svname"] == "FRONTEND"]

    def servers(self, backend: str) -> list[Seen] | None:
        """The servers of the backend, or None where there is no such backend."""
        rows = [row for row in self._statistics() if row["# pxname"] == backend]
        if not rows:
            return None
        return [_seen(row) for row in rows if row["svname"] not in ("FRONTEND", "BACKEND")]

    def traffic(self, backend: str) -> list[Traffic]:
        """One for each server of the backend. Fields as section 9.1 of HAProxy's management guide has them."""
        rows = [row for row in self._statistics() if row["# pxname"] == backend]
        return [_counted(row) for row in rows if row["svname"] not in ("FRONTEND", "BACKEND")]

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


_ANSWERS = ("hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other")


def _counted(row: dict[str, str]) -> Traffic:
    numbers = {
        name: int(row.get(name) or 0) for name in (*_ANSWERS, "stot", "econ", "eresp", "rtime")
    }
    answered = sum(numbers[name] for name in _ANSWERS) or numbers["stot"]  # tcp has sessions only
    failed = numbers["hrsp_5xx"] + numbers["econ"] + numbers["eresp"]
    return Traffic(
        name=row["svname"],
        answered=answered + numbers["econ"],
        failed=failed,
        latency=numbers["rtime"] / 1000,
    )


def _seen(row: dict[str, str]) -> Seen:
    check = row["check_status"].removeprefix("* ")
    up = row["status"].startswith(("UP", "no check", "DRAIN", "NOLB"))
    serves = int(row["weight"] or 0) > 0 and not row["status"].startswith(("DRAIN", "MAINT"))
    return Seen(
        name=row["svname"],
        up=up,
        serves=serves,
        check=check,
        sessions=int(row["scur"] or 0),
        weight=int(row["weight"] or 0),
        status=row["status"].partition(" ")[0],
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
        fix = (
            "see that HAProxy runs (one of ours: docker ps --all --filter label=rehouse.router, then docker start; "
            "pulumi up --refresh where it is gone) and that this user may open its socket"
        )
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
