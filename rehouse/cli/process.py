"""A command in a session of its own: signals come to us, and it is told of each, so that it can end in order."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehouse.cli.signals import SIGNALS


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
    seconds: float | None = None,
) -> Ended:
    """Runs it without a terminal, to its end; *update* says that it changes something."""
    with SIGNALS.meant_for_a_child(update) as received:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        with process:
            SIGNALS.tell(process)
            stdout, stderr, late = _waited_for(process, seconds)
        first, hurried = next(iter(received), 0), len(received) > 1
        return Ended(stdout, stderr, process.returncode, first, hurried, late)


def _waited_for(process: "subprocess.Popen[str]", seconds: float | None) -> tuple[str, str, bool]:
    """What it printed, and whether it had to be asked to end."""
    try:
        return *process.communicate(timeout=seconds), False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        return *process.communicate(), True
