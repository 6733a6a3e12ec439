"""How long things may take: one process, and a whole part of the measurements."""

import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 120


class Failed(Exception):
    """A command that is measured did not succeed."""


@dataclass(frozen=True)
class Ended:
    """How a process ended; *text* is all that it said."""

    code: int
    text: str
    seconds: float


def rounds(count: int, seconds: float) -> Iterator[int]:
    """So many, at least one, and none that would begin after so many seconds."""
    began = time.monotonic()
    for number in range(count):
        if number and time.monotonic() - began > seconds:
            return
        yield number


def timed(
    command: list[str],
    folder: Path,
    environment: Mapping[str, str],
    patience: float = PATIENCE,
) -> Ended:
    """To its end. Raises Failed where that does not come."""
    with tempfile.TemporaryFile("w+") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _await(process, patience)
        seconds = time.monotonic() - began
        output.seek(0)
        return Ended(process.returncode, output.read(), seconds)


def _await(process: "subprocess.Popen[bytes]", patience: float) -> None:
    """Exact to the millisecond, where Popen's own wait with a patience looks every 50 ms."""
    handle = os.pidfd_open(process.pid)
    try:
        ready, _, _ = select.select([handle], [], [], patience)
    finally:
        os.close(handle)
    if not ready:
        process.kill()
    process.wait()
    if not ready:
        raise Failed(f"{process.args!r} still ran after {patience:.0f} s")
