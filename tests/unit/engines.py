"""Engines that this machine has begun and written down, as real processes."""

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

from rehouse.cli.state.proof import on_record

HERE = socket.gethostname()
NOBODY = 2**22 + 1  # more than Linux gives numbers to


@contextlib.contextmanager
def engine(program: str = "sleep") -> Iterator["subprocess.Popen[bytes]"]:
    """One that lives; it is killed at the end, unless it has ended before."""
    before = datetime.now(UTC)
    with subprocess.Popen([program, "1000"]) as process, on_record(process, before):
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def killed() -> int:
    """Its number."""
    with engine() as process:
        return process.pid
