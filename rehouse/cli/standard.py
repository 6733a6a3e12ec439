"""The standard streams may be closed, and whoever reads them may go: nothing that was begun suffers from it."""

import errno
import io
import os
import sys
from typing import Any, TextIO

GONE = (errno.EPIPE, errno.EIO)  # the other end of a pipe, or the terminal


class ReaderGone(Exception):
    """Nobody reads stdout any more. It is told once; what is written after that is lost."""


def bear_all() -> None:
    """From now on: stdout raises ReaderGone where its reader has gone, stderr never raises, none of them is closed."""
    _open_closed()
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115  # for as long as the process lives
    sys.stdout = _stream(_Data(1, "w", closefd=False), sys.stdout)
    sys.stderr = _stream(_Talk(2, "w", closefd=False), sys.stderr)


class _Data(io.FileIO):
    """What the command was asked for."""

    _told = False

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in GONE:
                raise
        if not self._told:
            self._told = True
            raise ReaderGone
        return len(data)


class _Talk(io.FileIO):
    """What is said beside that: a rollout must not end because nobody hears of it."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def _open_closed() -> None:
    """Else the next file that is opened would be taken for one of them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _stream(raw: io.FileIO, old: TextIO | None) -> TextIO:
    encoding, errors = (old.encoding, old.errors) if old else ("utf-8", "replace")
    buffered = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffered, encoding, errors, line_buffering=True)
