"""The files in which engine, program and providers write down each step, one line of JSON for each, while they run."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rehouse.components.notes import objects

Event = dict[str, Any]
OnEvent = Callable[[Event], None]
POLL = 0.05


class Reader:
    """Of one such file, which may not be there yet: what was told once is not read again."""

    def __init__(self, log: Path) -> None:
        self._log, self._offset = log, 0

    def more(self) -> list[Event]:
        """Those that were written whole since the last time."""
        if not self._log.exists():
            return []
        with self._log.open("rb") as file:
            file.seek(self._offset)
            written = file.read()
        whole = written[: written.rfind(b"\n") + 1]
        self._offset += len(whole)
        return objects(whole)


def events(log: Path) -> list[Event]:
    """All that are written whole."""
    return Reader(log).more()


@contextlib.contextmanager
def followed(logs: Sequence[Path], on_event: OnEvent | None) -> Iterator[None]:
    """Each line of each of them is told soon after it is written, and the last ones at the end."""
    over = threading.Event()
    thread = threading.Thread(target=_follow, args=(logs, on_event or _ignore, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _follow(logs: Sequence[Path], on_event: OnEvent, over: threading.Event) -> None:
    readers, ended = [Reader(log) for log in logs], False
    while not ended:
        ended = over.wait(POLL)
        for reader in readers:
            for each in reader.more():
                on_event(each)


def _ignore(_event: Event) -> None:
    pass
