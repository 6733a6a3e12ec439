"""A command in a session of its own: signals come to us, and it is told of each, so that it can end in order.

It prints into files, not into pipes: where we are killed, it goes on to its end, and does not die of a print.
The files are in memory alone: what the engine answers has secrets in it.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from rehouse.cli.signals import SIGNALS
from rehouse.cli.state.masking import masked
from rehouse.cli.state.proof import on_record

LOOK = 0.5  # seconds between two looks at the limit
SOON = 0.05  # seconds until somebody sees what is printed
PIPE = 65536  # bytes that a pipe holds


@dataclass(frozen=True)
class Ended:
    """How a command ended; *interrupted* is the first signal that came meanwhile, 0 for none.

    *hurried* says that another one came: whoever sent it does not want to wait. *late* says that it took longer
    than it was given, and was asked to end.
    """

    stdout: str
    stderr: str
    code: int
    interrupted: int = 0
    hurried: bool = False
    late: bool = False


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    update: bool = False,
    limit: Callable[[], float | None] = lambda: None,
    claims: Sequence[int] = (),
    ask: Callable[[], object] = lambda: None,
) -> Ended:
    """Runs it without a terminal, to its end; *update* says that it changes something.

    Its errors come without the passwords of addresses. *limit* says how many seconds it may take, as far as that
    is known by now; None for as many as it wants. *claims* are descriptors that it shall keep open for as
    long as it lives. *ask* is called where it is asked to end: some of what it started hears no signal.
    """
    with (
        _in_memory() as stdout,
        _in_memory() as stderr,
        SIGNALS.meant_for_a_child(update) as received,
    ):
        before = datetime.now(UTC)
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=claims,
            start_new_session=True,
        )
        with on_record(process, before) if update else contextlib.nullcontext():
            SIGNALS.tell(process, ask)
            late = _is_late(process, limit, ask)
        first, hurried = next(iter(received), 0), len(received) > 1
        told = _text(stdout), masked(_text(stderr))
        return Ended(*told, process.returncode, first, hurried, late)


def printed(process: "subprocess.Popen[bytes]") -> Iterator[str]:
    """Its lines, to its end and not to that of its pipe: what it leaves running may keep that open for ever.

    The pipe must be without a buffer of ours.
    """
    assert process.stdout
    os.set_blocking(process.stdout.fileno(), False)
    rest, ended = b"", False
    while not ended:
        ended = _has_ended(process, SOON)
        *lines, rest = (rest + (process.stdout.read(PIPE) or b"")).split(b"\n")
        lines += [rest] if ended and rest else []
        yield from (line.decode(errors="replace") for line in lines)


def _in_memory() -> IO[bytes]:
    return os.fdopen(os.memfd_create("printed"), "w+b")


def _is_late(
    process: "subprocess.Popen[bytes]",
    limit: Callable[[], float | None],
    ask: Callable[[], object],
) -> bool:
    """Waits for it; whether it had to be asked to end."""
    began, late = time.monotonic(), False
    while not _has_ended(process, LOOK):
        seconds = None if late else limit()
        if seconds is not None and time.monotonic() - began > seconds:
            late = True
            ask()
            process.send_signal(signal.SIGINT)
    return late


def _has_ended(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """At once when it has, which Popen's own wait notices up to 50 ms later."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:  # whoever sends it a signal looks first whether it has ended
        return process.wait() is not None
    try:
        ended, _, _ = select.select([handle], [], [], seconds)
    finally:
        os.close(handle)
    return bool(ended) and process.wait() is not None


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
