"""A terminal of 24 lines, as a person would sit at it: what its screen shows, and what is typed into it."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyte

CTRL_C = b"\x03"


class Terminal:
    """A command in a pseudo-terminal of its own, which it controls, and the screen that it paints."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], width: int
    ) -> None:
        self.width, self.raw = width, b""
        self.pictures: list[str] = []
        self._screen = pyte.Screen(width, 24)
        self._stream = pyte.ByteStream(self._screen)
        self._keys, ours = pty.openpty()
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        told = {name: value for name, value in environment.items() if name not in UNSET}
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *command],
            cwd=folder,
            env={**told, "TERM": "xterm-256color"},
            stdin=ours,
            stdout=ours,
            stderr=ours,
        )
        os.close(ours)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def type(self, keys: bytes) -> None:
        os.write(self._keys, keys)

    def text(self) -> str:
        """What the screen shows now."""
        return "\n".join(line.rstrip() for line in self._screen.display).strip()

    def has_shown(self, text: str) -> bool:
        return any(text in picture for picture in self.pictures)

    def end(self, seconds: float = 120) -> int:
        """Waits for the command; its exit status."""
        code = self.process.wait(seconds)
        self._thread.join(seconds)
        return code

    @property
    def hides_cursor(self) -> bool:
        return bool(self._screen.cursor.hidden)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._keys)

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # its last process has closed it
            while piece := os.read(self._keys, 65536):
                self.raw += piece
                self._stream.feed(piece)
                self.pictures.append(self.text())


UNSET = ("NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")


@contextlib.contextmanager
def seated(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], width: int = 80
) -> Iterator[Terminal]:
    terminal = Terminal(command, folder, environment, width)
    try:
        yield terminal
    finally:
        terminal.close()
