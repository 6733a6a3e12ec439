"""The steps of a rollout while it runs: a live line on a terminal, plain lines elsewhere."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from rehouse.cli.eventlog import Event, OnEvent
from rehouse.cli.output import stderr

SIGN_OF_LIFE = 10  # seconds without a line after which a log of a CI job gets one

_KINDS = {"resourcePreEvent": "", "resOutputsEvent": " done", "resOpFailedEvent": " failed"}
_STEPS = {  # what a resource's type says about the step
    "rehouse:Gate": "prove",
    "rehouse:Traffic": "shift",
    "rehouse:BridgeNetwork": "raise",
    "rehouse:SecretVolume": "raise",
    "rehouse:PulledImage": "raise",
    "docker:index/container:Container": "raise",
}


@contextlib.contextmanager
def live_view(quiet: bool) -> Iterator[OnEvent]:
    """What to tell each event of the engine."""
    if quiet:
        yield lambda _event: None
    elif stderr.is_terminal:
        with stderr.status("the engine starts") as status:
            yield lambda event: status.update(line) if (line := line_of(event)) else None
    else:
        with _signs_of_life() as told:
            yield lambda event: told(line) if (line := line_of(event)) else None


def line_of(event: Event) -> str | None:
    """Like "raise  web-3f9c2a1-0 done"; None for what an operator does not care about."""
    for kind, ending in _KINDS.items():
        if kind in event:
            return _line(event[kind]["metadata"], ending)
    return None


def _line(facts: Event, ending: str) -> str | None:
    step = next((word for kind, word in _STEPS.items() if facts["type"].endswith(kind)), None)
    if step is None or facts["op"] in ("same", "read"):
        return None
    if facts["op"].startswith("delete"):
        step = "retire"
    return f"{step:<7}{facts['urn'].rpartition('::')[2]}{ending}"


@contextlib.contextmanager
def _signs_of_life() -> Iterator[Callable[[str], None]]:
    """Each line as it comes, and the last one again where nothing happens."""
    over, spoke = threading.Event(), threading.Event()
    last = "the engine starts"

    def tell(line: str) -> None:
        nonlocal last
        last = line
        spoke.set()
        stderr.print(line, markup=False)

    def watch() -> None:
        while not over.is_set():
            if not spoke.wait(SIGN_OF_LIFE) and not over.is_set():
                stderr.print(f"still at: {last}", markup=False)
            spoke.clear()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield tell
    finally:
        over.set()
        spoke.set()
        thread.join()
