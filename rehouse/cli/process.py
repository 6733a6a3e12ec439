"""A command in a session of its own: signals come to us, and it is told once, so that it can end in order."""

import contextlib
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

FORWARDED = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Ended:
    """How a command ended; *interrupted* is the first signal that came meanwhile, 0 for none."""

    stdout: str
    stderr: str
    code: int
    interrupted: int = 0


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ended:
    """Runs it without a terminal, to its end."""
    with (
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        ) as process,
        forwarding(process) as received,
    ):
        stdout, stderr = process.communicate()
    return Ended(stdout, stderr, process.returncode, next(iter(received), 0))


@contextlib.contextmanager
def forwarding(process: "subprocess.Popen[str]") -> Iterator[list[int]]:
    """The engine's own rules: the first SIGINT asks it to finish what it is doing, the second to stop now."""
    received: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)

    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    before = {each: signal.signal(each, forward) for each in FORWARDED}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
