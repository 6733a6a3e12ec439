"""The files in which engine, program and providers write down each step, one line of JSON for each, while they run."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

Event = dict[str, Any]
OnEvent = Callable[[Event], None]
POLL = 0.05


def events(log: Path) -> list[Event]:
    """Those that are written whole."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


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
    told, ended = dict.fromkeys(logs, 0), False
    while not ended:
        ended = over.wait(POLL)
        for log in logs:
            found = events(log)
            for each in found[told[log] :]:
                on_event(each)
            told[log] = len(found)


def _ignore(_event: Event) -> None:
    pass
