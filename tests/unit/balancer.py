"""A real HAProxy on loopback, and backends in this process."""

import http.client
import itertools
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rehouse.components.front import Doors, Front, Server, Shift, front_of
from rehouse.components.haproxy import Haproxy
from rehouse.components.router import BASE
from rehouse.components.shifting import shift
from tests.unit.makers import spec

PROGRAM = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
PATIENCE = 20


class Backend(ThreadingHTTPServer):
    """Answers with its name; /hold answers when it is let go; *status* is that of all else."""

    daemon_threads = True

    def __init__(self, name: str, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.name, self.status = name, status
        self.held, self.go = threading.Event(), threading.Event()
        self.paths: set[str] = set()

    def handle_error(self, *_: Any) -> None:
        """Connections that are cut are what some tests are about."""

    def server(self, weight: int = 100) -> Server:
        address = f"127.0.0.1:{self.server_port}"
        return Server(name=f"{self.name}_{address}", address=address, weight=weight)


class _Answering(BaseHTTPRequestHandler):
    server: Backend
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.paths.add(self.path)
        if self.path == "/hold":
            self.server.held.set()
            self.server.go.wait(PATIENCE)
        body = self.server.name.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class Balancer:
    """An HAProxy as the router's container runs it, in a folder of its own."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.home, self._stack = home, stack
        self.port, self.other_port = free_port(), free_port()
        (home / "conf").mkdir()
        (home / "haproxy.cfg").write_text(BASE.replace("/rehouse/", f"{home}/"))
        self.doors = Doors(
            admin=f"{home}/admin.sock",
            master=f"{home}/master.sock",
            config=f"{home}/conf/web.cfg",
        )
        self.config, self.haproxy = Path(self.doors.config), Haproxy.behind(self.doors)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count()

    def start(self) -> None:
        assert PROGRAM, "needs HAProxy: apt-get install haproxy"
        command = [PROGRAM, "-W", "-db", "-S", f"{self.home}/master.sock", "-f"]
        command += [f"{self.home}/haproxy.cfg", "-f", f"{self.home}/conf"]
        log = (self.home / "log").open("ab")
        self._process = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()
        eventually(self.haproxy.is_there, "HAProxy is there")

    def stop(self) -> None:
        """At once; worker processes end with their master."""
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def backend(self, name: str = "", status: int = 200) -> Backend:
        """An instance that runs until the test ends."""
        made = Backend(name or f"web-{next(self._numbers)}", status)
        threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        self._stack.callback(made.server_close)
        self._stack.callback(made.shutdown)
        self._stack.callback(made.go.set)
        return made

    def front(
        self,
        port: int | None = None,
        health: str | None = "/well",
        mode: str = "http",
        unavailable: str | None = None,
    ) -> Front:
        checked = {"http": health} if health else {"tcp": True}
        published = {"publish": port or self.port, "mode": mode, "unavailable": unavailable}
        wanted = spec(health=checked, router=published)
        return front_of(wanted, "web.stack.project", "127.0.0.1")

    def plan(self, *servers: Server, drain: float = 20, **front: Any) -> Shift:
        return plan(self.doors, self.front(**front), *servers, drain=drain)

    def shift(self, *servers: Server, drain: float = 20, **front: Any) -> int:
        return shift(self.plan(*servers, drain=drain, **front))

    def get(self, path: str = "/", port: int | None = None) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
            return text if answer.status == 200 else str(answer.status)
        finally:
            connection.close()

    def answering(self, times: int = 12) -> set[str]:
        """Who answers some requests in a row."""
        return {self.get() for _ in range(times)}

    def running(self) -> list[str]:
        return sorted(each.name for each in self.haproxy.servers("web.stack.project") or ())

    def written(self) -> list[str]:
        """The servers that a restart would bring."""
        lines = self.config.read_text().splitlines()
        return sorted(line.split()[1] for line in lines if line.startswith("  server "))

    def waiting(self, path: str, results: list[str]) -> threading.Thread:
        """A request in the background; its answer, or the name of its error, is added to the results."""

        def ask() -> None:
            try:
                results.append(self.get(path))
            except (OSError, http.client.HTTPException) as error:
                results.append(type(error).__name__)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        return thread

    def say(self, command: str) -> str:
        return self.haproxy._ask(command).strip()


@contextmanager
def balancer() -> Iterator[Balancer]:
    """Paths of sockets must be short, so it lives in a folder of /tmp."""
    home = Path(tempfile.mkdtemp(prefix="rh-", dir="/tmp"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        made = Balancer(home, stack)
        stack.callback(made.stop)
        made.start()
        yield made


def plan(doors: Doors, front: Front, *servers: Server, drain: float = 20) -> Shift:
    written = f"{round(drain * 1000)}ms"
    return Shift.model_validate(
        {"doors": doors, "front": front, "servers": servers, "drain": written}
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.01)
