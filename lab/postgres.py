"""A PostgreSQL of a test's own: Debian's server on loopback, as nobody special, in a folder that goes with it."""

import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lab.daemons import free_port
from lab.errors import LabError
from lab.inside.services import spawn, tail, wait_for
from lab.places import current

_USER = "postgres"  # of Debian's package; the server refuses to be root
_PROGRAMS = Path("/usr/lib/postgresql")  # a folder for each version; not on the PATH


class Postgres:
    """One server; whoever reaches it may do everything."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgres://{_USER}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def start(self) -> None:
        log = self.folder / "log"
        # Sockets, locks and data are in its folder; what a crash of the machine would lose may be lost.
        options = ["-D", str(self.folder / "data"), "-k", str(self.folder), "-F"]
        command = [*options, "-h", "127.0.0.1", "-p", str(self.port)]
        self._process = spawn(_unprivileged("postgres", *command), log)
        wait_for("postgres", self._process, self.answers, log)

    def stop(self) -> None:
        """At once: whoever is connected is cut off."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(20)

    def answers(self) -> bool:
        ready = [str(_program("pg_isready")), "--quiet", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """It is stopped in the end, and its folder is gone; where this process is killed, both go with the lab."""
    with tempfile.TemporaryDirectory(prefix="postgres-", dir=current().root) as folder:
        server = Postgres(Path(folder))
        _make(server)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _make(server: Postgres) -> None:
    shutil.chown(server.folder, _USER, _USER)
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    command = _unprivileged(
        "initdb", *options, f"--username={_USER}", f"--pgdata={server.folder}/data"
    )
    log = server.folder / "initdb"
    with log.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise LabError("postgres", f"initdb failed\n{tail(log)}", "see above")


def _unprivileged(program: str, *arguments: str) -> list[str]:
    who = [f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"]
    return ["/usr/bin/setpriv", *who, str(_program(program)), *arguments]


def _program(name: str) -> Path:
    found = sorted(_PROGRAMS.glob(f"*/bin/{name}"))
    if not found:
        raise LabError.missing(name, "postgresql")
    return found[-1]
