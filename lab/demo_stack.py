"""A stack of one's own in one folder: program, configuration, state, logs; and the engine run on it."""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.home import complete_environment
from lab.demo_events import POLL, Event, EventLog

_PATIENCE = 120
_GRACE = 30


@dataclass(frozen=True)
class Run:
    """How one command of the engine ended."""

    code: int
    output: str
    seconds: float
    began: float  # seconds since 1970, as the load counts
    events: list[Event] = field(default_factory=list)

    @property
    def diagnostics(self) -> str:
        """What it said was wrong, as the user sees it."""
        said = self.output.partition("Diagnostics:\n")[2]
        return said.partition("\nOutputs:")[0].partition("\nResources:")[0].rstrip()


class Stack:
    """One project with one stack of the same name, which lives and ends with its folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self._commands = 0

    def make(self, program: Path) -> None:
        for name in ("state", "logs"):
            (self.folder / name).mkdir(parents=True)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(program, self.folder / "program", ignore=ignore)
        about = f"name: {self.name}\nruntime: python\nmain: program/\n"
        (self.folder / "Pulumi.yaml").write_text(about)
        self.run("stack", "init", self.name)

    def configure(self, **config: Any) -> None:
        settings = self.folder / f"Pulumi.{self.name}.yaml"
        # Secrets are unlocked with the salt that is kept here.
        lines = settings.read_text().splitlines() if settings.exists() else []
        salt = [line for line in lines if line.startswith("encryptionsalt: ")]
        values = {f"{self.name}:{key}": value for key, value in config.items()}
        settings.write_text("\n".join([*salt, f"config: {json.dumps(values)}", ""]))

    def up(self, watch: Callable[[Event], None] | None = None) -> Run:
        return self.run("up", "--yes", "--skip-preview", watch=watch)

    def destroy(self) -> Run:
        return self.run("destroy", "--yes", "--skip-preview")

    def run(self, *arguments: str, watch: Callable[[Event], None] | None = None) -> Run:
        """Run the engine, and tell *watch* what its event log says meanwhile."""
        self._commands += 1
        log = self.folder / "logs" / f"{self._commands}-{arguments[0]}"
        command = ["pulumi", *arguments, "--non-interactive"]
        command += ["--event-log", f"{log}.events"] if watch else []
        began, clock = time.time(), time.monotonic()
        with Path(f"{log}.log").open("w") as output, EventLog(Path(f"{log}.events")) as events:
            process = self._start(command, output.fileno())
            with _ended(process):
                seen = _follow(process, events, watch) if watch else _wait(process)
        seconds = time.monotonic() - clock
        return Run(process.returncode, Path(f"{log}.log").read_text(), seconds, began, seen)

    def _start(self, command: list[str], output: int) -> "subprocess.Popen[bytes]":
        """In a session of its own: Ctrl-C is for us, and we pass it on once."""
        return subprocess.Popen(
            ["setpriv", "--pdeathsig=INT", *command],  # It ends when we are killed.
            cwd=self.folder,
            env=environment(self.folder, self.name),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def environment(folder: Path, name: str) -> dict[str, str]:
    """What makes every command of Pulumi's in that folder speak of that stack."""
    return {
        **complete_environment(os.environ),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_DEBUG_COMMANDS": "true",  # the flag --event-log is hidden behind it
        "PULUMI_STACK": name,
    }


def _follow(
    process: "subprocess.Popen[bytes]", log: EventLog, watch: Callable[[Event], None]
) -> list[Event]:
    seen: list[Event] = []
    deadline = time.monotonic() + _PATIENCE
    while True:
        # Asked before the log is read: what it wrote last is not to be missed.
        over = process.poll() is not None
        for event in log.read():
            seen.append(event)
            watch(event)
        if over:
            return seen
        if time.monotonic() > deadline:
            raise subprocess.TimeoutExpired(process.args, _PATIENCE)
        time.sleep(POLL)


def _wait(process: "subprocess.Popen[bytes]") -> list[Event]:
    """Exact to the millisecond, where Popen's own wait with a patience looks every 50 ms."""
    handle = os.pidfd_open(process.pid)
    try:
        select.select([handle], [], [], _PATIENCE)
    finally:
        os.close(handle)
    process.wait(0.1)
    return []


@contextlib.contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """It runs no more after this: asked once, then killed."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
