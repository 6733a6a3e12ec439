"""Waits for what HAProxy does in its own time."""

import time
from collections.abc import Callable, Sequence

from rehouse.components.errors import OutOfReach
from rehouse.components.front import Server
from rehouse.components.haproxy import Haproxy, Seen

POLL = 0.02
UP_SECONDS = 10


def within(seconds: float, done: Callable[[], bool]) -> bool:
    """Whether it was done in that time."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


def await_up(haproxy: Haproxy, backend: str, servers: Sequence[Server]) -> None:
    """Returns when HAProxy itself sees them up. Raises OutOfReach when it does not."""
    names = [server.name for server in servers]

    def missing() -> dict[str, str]:
        seen = {each.name: each for each in haproxy.servers(backend) or ()}
        return {name: _check(seen.get(name)) for name in names if not _is_up(seen.get(name))}

    if not within(UP_SECONDS, lambda: not missing()) and (late := missing()):
        name, check = next(iter(late.items()))
        what = f"HAProxy does not see {name} up: check says {check}"
        raise OutOfReach(
            f"router, backend {backend}",
            what,
            "see that it still runs (docker ps --all) and that the router reaches that address; to clean up, "
            "go back to the earlier spec and run the update again",
            "what was live before stays live and keeps all traffic",
        )


def _is_up(seen: Seen | None) -> bool:
    return seen is not None and seen.up and seen.check in _PASSED


def _check(seen: Seen | None) -> str:
    return seen.check if seen else "nothing: it is not there"


_PASSED = ("L4OK", "L7OK", "L7OKC", "L6OK")
