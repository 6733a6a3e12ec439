"""A command in a session of its own: signals come to us, and it is told of each, so that it can end in order."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehouse.cli.signals import SIGNALS


@dataclass(frozen=True)
class Ended:
    """How a command ended; *interrupted* is the first signal that came meanwhile, 0 for none.

    *hurried* says that another one came: whoever sent it does not want to wait.
    """

    stdout: str
    stderr: str
    code: int
    interrupted: int = 0
    hurried: bool = False


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], update: bool = False
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
            stdout, stderr = process.communicate()
        return Ended(stdout, stderr, process.returncode, next(iter(received), 0), len(received) > 1)
