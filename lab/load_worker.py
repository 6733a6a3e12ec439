"""The process that makes the load: a thread per client, a line per request."""

import http.client
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from lab.clients import KINDS, Client, Target, Truncated, Wrong

_FLUSH_SECONDS = 0.2


class Work:
    """What the clients share: the records, and when to stop."""

    def __init__(self, records: TextIO, mix: dict[str, Any]) -> None:
        self.mix = mix
        self.stop = threading.Event()
        self._records = records
        self._writing = threading.Lock()
        self._left = mix["max_requests"]
        self._deadline = time.monotonic() + mix["max_seconds"]
        self._ended = ""

    def write(self, record: dict[str, Any]) -> None:
        line = json.dumps(record) + "\n"
        with self._writing:
            self._records.write(line)
            self._left -= 1
            if self._left <= 0:
                self.end("count")

    def end(self, why: str) -> None:
        self._ended = self._ended or why
        self.stop.set()

    def wait(self) -> None:
        """Until it is over; what was recorded is readable meanwhile."""
        while not self.stop.wait(_FLUSH_SECONDS):
            with self._writing:
                self._records.flush()
            if time.monotonic() > self._deadline:
                self.end("time")

    def close(self) -> None:
        self._records.write(json.dumps({"ended": self._ended}) + "\n")


def main() -> None:
    order = json.loads(sys.argv[1])
    target = Target.parse(order["url"])
    with Path(sys.argv[2]).open("w") as records:
        work = Work(records, order["mix"])
        clients = [
            threading.Thread(target=drive, args=(work, target, kind))
            for kind in KINDS
            for _ in range(int(work.mix[kind]))
        ]
        for client in clients:
            client.start()
        threading.Thread(target=listen, args=(work,), daemon=True).start()
        print("started", flush=True)
        work.wait()
        for client in clients:
            client.join()
        work.close()


def listen(work: Work) -> None:
    """The end of our input asks us to stop; it comes as well when our parent dies."""
    sys.stdin.read()
    work.end("asked")


def drive(work: Work, target: Target, kind: str) -> None:
    client = Client(target, kind, work.mix["timeout"])
    gap = 1 / work.mix["rate"]
    while not work.stop.is_set():
        began = time.time()
        work.write({"kind": kind, "start": began} | attempt(client) | {"end": time.time()})
        work.stop.wait(max(0.0, began + gap - time.time()))


def attempt(client: Client) -> dict[str, Any]:
    try:
        generation = client.ask()
    except (Wrong, http.client.HTTPException, OSError) as error:
        reason = str(error) if isinstance(error, Wrong) else repr(error)
        return {"generation": None, "reason": reason, "truncated": isinstance(error, Truncated)}
    return {"generation": generation, "reason": None, "truncated": False}


if __name__ == "__main__":
    main()
