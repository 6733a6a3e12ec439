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
    names = {server.name for server in servers}

    def missing() -> list[Seen]:
        seen = haproxy.servers(backend) or ()
        return [
            each for each in seen if each.name in names and not (each.up and each.check in _PASSED)
        ]

    if not within(UP_SECONDS, lambda: not missing()) and (late := missing()):
        first = late[0]
        what = f"HAProxy does not see {first.name} up: check says {first.check}"
        raise OutOfReach(
            f"router, backend {backend}", what, "see that the router reaches that address"
        )


_PASSED = ("L4OK", "L7OK", "L7OKC", "L6OK")
