"""A program that the engine needs no more ends when it is asked to, and not after the engine has waited for it.

The engine asks by SIGINT, gives it 5 s and kills it (Pulumi's plugin.go). Python would raise KeyboardInterrupt and
then wait for its threads, of which one waits for the engine's answer about what has failed: 5 s for each failed update.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

HOST = "pulumi-language-python-exec"  # what runs a program for the engine
ASKED = 128 + signal.SIGINT


def end_when_asked() -> None:
    """Only in a process that is the engine's own, and where nobody else has a use for the signal."""
    is_free = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if _is_hosted() and is_free and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _end)


def _is_hosted() -> bool:
    return HOST in {Path(each).name for each in sys.orig_argv}


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ASKED)
