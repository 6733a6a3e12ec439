"""One user who asks again and again, and notes when which version answered last."""

import http.client
import json
import threading
import time
from typing import Self

from bench.bounds import Failed

PAUSE = 0.005
NO_ANSWER = (OSError, http.client.HTTPException, ValueError, KeyError)


class Prober:
    """A new connection for each request: who answers is up to the router alone."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask_on)
        self.last: dict[str, float] = {}  # version: when it answered last, since 1970
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask_on(self) -> None:
        while not self._stop.wait(PAUSE):
            try:
                version = ask(self._url)
            except NO_ANSWER as error:
                self.failures.append(repr(error))
            else:
                self.last[version] = time.time()


def ask(url: str, timeout: float = 10) -> str:
    """The version that answers."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=timeout)
    try:
        connection.request("GET", "/", headers={"Connection": "close"})
        return str(json.load(connection.getresponse())["version"])
    finally:
        connection.close()


def await_answer(url: str, within: float) -> None:
    """Raises Failed where none comes in so many seconds."""
    deadline = time.monotonic() + within
    while True:
        try:
            ask(url, timeout=1)
        except NO_ANSWER as error:
            if time.monotonic() > deadline:
                raise Failed(f"{url} does not answer: {error!r}") from error
            time.sleep(0.02)
        else:
            return
