"""Which engines this machine has started: the only proof of one that it is dead.

A lock says a host and a number. Hosts may be called the same, and a number is given again; what is written down here
when an engine starts tells them apart.
"""

import json
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import platformdirs

from rehouse.cli.state.processes import began, is_gone

MACHINE, BOOT = Path("/etc/machine-id"), Path("/proc/sys/kernel/random/boot_id")
SPACE = Path("/proc/self/ns/pid")
KEPT = 200  # records: more engines do not run at once
SOON = timedelta(minutes=1)  # an engine makes its lock soon after its start, or never


@dataclass(frozen=True)
class Begun:
    """An engine that was started here. *space* is its PID namespace, *ticks* when it began, counted from the boot."""

    host: str
    machine: str
    boot: str
    space: int
    pid: int
    ticks: int
    before: str  # its start

    @property
    def is_dead(self) -> bool:
        """The machine was booted since, or there is no such process where it would have to be."""
        now = _line(BOOT)
        if now and now != self.boot:
            return bool(self.machine) and self.machine == _line(MACHINE)
        return self._is_in_sight() and is_gone(self.pid, self.ticks)

    @property
    def lives(self) -> bool:
        """False also where nobody can say."""
        return self._is_in_sight() and not is_gone(self.pid, self.ticks)

    def may_hold(self, host: str, since: datetime) -> bool:
        """A lock that says this host and this time."""
        waited = since - datetime.fromisoformat(self.before)
        return self.host == host and timedelta() <= waited <= SOON

    def _is_in_sight(self) -> bool:
        with suppress(OSError):
            return (self.boot, self.space) == (_line(BOOT), SPACE.stat().st_ino)
        return False


@contextmanager
def on_record(process: "subprocess.Popen[bytes]", before: datetime) -> Iterator[None]:
    """Until it ends well; after any other end its lock may be there still. Where nothing can be written, nothing is."""
    file = None
    with suppress(OSError):
        file = _written(process.pid, before)
    yield
    if file and process.returncode == 0:
        forget([file])


def begun(host: str, pid: int, since: datetime) -> dict[Path, Begun]:
    """The engines that may have made such a lock, and where each is written down."""
    read = {file: _read(file) for file in _folder().glob(f"*.{pid}.json")}
    return {file: each for file, each in read.items() if each and each.may_hold(host, since)}


def forget(files: Iterable[Path]) -> None:
    for file in files:
        with suppress(OSError):
            file.unlink()


def _written(pid: int, before: datetime) -> Path:
    machine = socket.gethostname(), _line(MACHINE), BOOT.read_text().strip(), SPACE.stat().st_ino
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{before:%Y%m%dT%H%M%S.%f}.{pid}.json"
    file.write_text(json.dumps(asdict(Begun(*machine, pid, began(pid), before.isoformat()))))
    forget(sorted(folder.iterdir())[:-KEPT])  # the oldest
    return file


def _read(file: Path) -> Begun | None:
    """None of one that was not written to its end."""
    with suppress(OSError, ValueError, TypeError):
        return Begun(**json.loads(file.read_text()))
    return None


def _line(file: Path) -> str:
    """Empty where there is none: many a container has no name for its machine."""
    with suppress(OSError):
        return file.read_text().strip()
    return ""


def _folder() -> Path:
    return platformdirs.user_state_path("rehouse") / "engines"
