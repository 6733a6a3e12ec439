"""Commands that run meanwhile: started, watched, signalled, and killed alone or with all that they started."""

import contextlib
import dataclasses
import json
import os
import secrets
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Self

from tests.e2e.estate import COMMAND, Stack, eventually

MARK = "TEST_CLIENT"
PATIENCE = 180  # seconds, for a machine that is busy with other things
STEPS = ("raise ", "prove ", "shift ", "retire ")


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said where."""

    code: int
    out: str
    err: str
    seconds: float

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.out))


class Client:
    """One `rehouse`; every process under it carries its mark."""

    def __init__(self, stack: Stack, *arguments: str, folder: Path | None = None) -> None:
        self._mark = f"{MARK}={secrets.token_hex(8)}"
        self.lines: list[str] = []  # of stderr, as they come
        self._began = time.monotonic()
        self.process = subprocess.Popen(
            [COMMAND, *arguments],
            cwd=folder or stack.folder,
            env={**stack.environment(), MARK: self._mark.partition("=")[2]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def await_line(self, beginning: str, seconds: float = PATIENCE) -> None:
        """Until it has said so; an AssertionError if it ends without."""

        def said() -> bool:
            over = self.is_over()
            if any(line.startswith(beginning) for line in self.lines):
                return True
            assert not over, f"ended before {beginning!r}: {self.lines}"
            return False

        eventually(said, seconds, every=0.005)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.vanish()  # nothing, where it has ended by itself

    def steps(self) -> list[str]:
        """What it has told of the rollout."""
        return [line for line in self.lines if line.startswith(STEPS)]

    def is_over(self) -> bool:
        return self.process.poll() is not None

    def tell(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """The command alone: what it started does not hear of it."""
        self.process.kill()
        self.process.wait()

    def vanish(self) -> None:
        """Command, engine, program, providers, all at once, as when the machine dies."""
        while found := self.family():
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.poll()
            time.sleep(0.01)

    def family(self) -> list[int]:
        """Processes that carry the mark and live."""
        return [pid for pid in _processes() if self._mark.encode() in _environment(pid)]

    def ended(self, seconds: float = PATIENCE) -> Ended:
        """Waits for it. Fails with what it had said by then."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs after {seconds} s: {self.lines}") from None
        assert self.process.stdout is not None
        out = self.process.stdout.read()
        self._reader.join(10)
        return Ended(code, out, "\n".join(self.lines), round(time.monotonic() - self._began, 2))

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))


def temporary(stack: Stack) -> Path:
    """A folder for all that is temporary in this stack: what is left in there, one of its commands has left."""
    folder = stack.folder / "tmp"
    folder.mkdir(exist_ok=True)
    stack.variables["TMPDIR"] = str(folder)
    return folder


def _processes() -> list[int]:
    return [int(place.name) for place in Path("/proc").glob("[0-9]*")]


def _environment(pid: int) -> bytes:
    """Empty for one that has ended, also if nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
