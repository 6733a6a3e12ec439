"""A program of the engine's ends when it is asked to, whatever its threads wait for; another one as ever."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, signal, threading, time
from rehouse.components.ending import end_when_asked
end_when_asked()
threading.Thread(target=time.sleep, args=({seconds},)).start()
print("told", end="")
os.kill(os.getpid(), signal.SIGINT)
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("name", "seconds", "ended"),
    [
        pytest.param("pulumi-language-python-exec", 60, 130, id="the-engine's"),
        pytest.param("program.py", 0, -signal.SIGINT, id="another"),
    ],
)
def test_it_ends_when_it_is_asked_to(tmp_path: Path, name: str, seconds: int, ended: int) -> None:
    """With what it has printed; a thread that waits does not keep the engine's."""
    (tmp_path / name).write_text(PROGRAM.format(seconds=seconds))
    command = [sys.executable, str(tmp_path / name)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (found.returncode, found.stdout) == (ended, "told")
