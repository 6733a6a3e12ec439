"""The logs of several instances as one stream of lines, each with the name of its instance."""

import heapq
import queue
import threading
from collections.abc import Iterable, Iterator, Mapping

Line = tuple[str, str, str]  # time, name of the instance, text


def lines(name: str, pieces: Iterable[bytes]) -> Iterator[Line]:
    """Whole lines, however they were cut to pieces; each begins with its time."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from (_line(name, each) for each in whole)
    if rest:
        yield _line(name, rest)


def in_order(logs: Mapping[str, Iterable[bytes]]) -> Iterator[Line]:
    """All that there is, by time."""
    return heapq.merge(*(lines(name, pieces) for name, pieces in logs.items()))


def as_they_come(logs: Mapping[str, Iterable[bytes]]) -> Iterator[Line]:
    """Ends when all have ended. What goes wrong with one of them is raised here."""
    told: queue.Queue[Line | Exception | None] = queue.Queue()
    for name, pieces in logs.items():
        threading.Thread(target=_tell, args=(told, name, pieces), daemon=True).start()
    left = len(logs)
    while left:
        each = told.get()
        if isinstance(each, Exception):
            raise each
        if each is None:
            left -= 1
        else:
            yield each


def _tell(told: "queue.Queue[Line | Exception | None]", name: str, pieces: Iterable[bytes]) -> None:
    try:
        for each in lines(name, pieces):
            told.put(each)
        told.put(None)
    except Exception as error:  # noqa: BLE001  # it is raised again, where somebody hears it
        told.put(error)


def _line(name: str, whole: bytes) -> Line:
    time, _, text = whole.decode(errors="replace").partition(" ")
    return time, name, text.rstrip("\r")
