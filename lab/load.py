"""An honest load: strict clients in a process of their own, and a report of every lost request."""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.clients import Target
from lab.errors import LabError
from lab.load_report import Report, read_report
from lab.places import CHECKOUT


@dataclass(frozen=True)
class Mix:
    """How many clients of each kind there are, and what bounds them."""

    keepalive: int = 4
    oneshot: int = 2
    slow: int = 1
    uploads: int = 1
    streams: int = 1
    rate: float = 100  # requests a second that each client makes at most
    timeout: float = 30
    max_seconds: float = 300
    max_requests: int = 500_000


class Load:
    """Load on one address, from the start of the block to its end."""

    def __init__(self, url: str, mix: Mix | None = None, **changes: float) -> None:
        Target.parse(url)  # Refused here, in the caller's face, and not in the other process.
        self._url = url
        self._mix = mix or Mix(**changes)  # type: ignore[arg-type]  # checked when it is made
        self._stack = contextlib.ExitStack()
        self._process: subprocess.Popen[str] | None = None
        self._report: Report | None = None

    def __enter__(self) -> Self:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="rehouse-load-"))
        self._records = Path(folder) / "records.jsonl"
        order = json.dumps({"url": self._url, "mix": asdict(self._mix)})
        command = [sys.executable, "-m", "lab.load_worker", order, str(self._records)]
        self._process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is for us: we ask it to finish what is in flight.
            start_new_session=True,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "started\n":
            self._abandon()
            raise LabError("load", "did not start", "see the traceback above")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            try:
                self.stop()
            finally:
                self._abandon()

    def stop(self) -> Report:
        """Let the clients finish what is in flight, and read what they saw."""
        if self._report is None:
            assert self._process is not None
            self._process.communicate(timeout=self._mix.timeout + 30)
            if self._process.returncode != 0:
                raise LabError("load", "its process failed", "see the traceback above")
            self._report = read_report(self._records)
        return self._report

    def report(self) -> Report:
        """What was seen: the whole when it is over, and till now while it runs."""
        return self._report or read_report(self._records)

    def _abandon(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.load", description=__doc__)
    parser.add_argument("url", help="a loopback address, as http://127.0.0.1:8080")
    parser.add_argument("--seconds", type=float, default=10)
    for name in ("keepalive", "oneshot", "slow", "uploads", "streams"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Mix, name))
    parser.add_argument("--rate", type=float, default=Mix.rate, help="per client and second")
    chosen = vars(parser.parse_args())
    url, seconds = chosen.pop("url"), chosen.pop("seconds")
    try:
        return _measure(Load(url, Mix(**chosen)), seconds)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2


def _measure(load: Load, seconds: float) -> int:
    with load, contextlib.suppress(KeyboardInterrupt):
        time.sleep(seconds)
    report = load.report()
    print(json.dumps(asdict(report), indent=2))
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
