"""Moves the traffic from the servers that HAProxy has to those it shall have."""

import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from rehouse.components.errors import OutOfReach, Refused
from rehouse.components.haproxy import Front, Haproxy, Seen, Server, with_servers
from rehouse.components.spec import Part
from rehouse.components.units import Seconds

POLL = 0.02
START_SECONDS = 5
UP_SECONDS = 10
RELOAD_SECONDS = 10
DELETE_SECONDS = 5


class Doors(Part):
    """Where an HAProxy is spoken to, and the file of ours that it reads."""

    admin: str
    master: str | None
    config: str

    def open(self) -> Haproxy:
        return Haproxy(Path(self.admin), Path(self.master) if self.master else None)


class Shift(Part):
    """What the router shall look like, and how long old requests may last."""

    doors: Doors
    front: Front
    servers: tuple[Server, ...]
    drain: Seconds


def shift(wanted: Shift) -> int:
    """Returns when the new servers have the traffic and the old ones are gone: how many connections were cut.

    Raises OutOfReach or Refused; the old servers then have the traffic that they had.
    """
    haproxy = wanted.doors.open()
    _within(START_SECONDS, haproxy.is_there)
    present = haproxy.servers(wanted.front.backend)
    runs = wanted.front.name in haproxy.fronts()
    if not runs:
        _must_be_possible(wanted, haproxy)
    cut = 0 if present is None else _replace(wanted, haproxy, present, checked=runs)
    if not runs:
        _reload(wanted, haproxy)
    return cut


def close(doors: Doors, front: Front) -> None:
    """Takes the service out of the router, as far as the router is still there."""
    Path(doors.config).unlink(missing_ok=True)
    haproxy = doors.open()
    try:
        names = [each.name for each in haproxy.servers(front.backend) or ()]
    except OutOfReach:
        return
    with suppress(OutOfReach):  # the reload ends what does not let go
        _remove(haproxy, front.backend, names)
    _within(RELOAD_SECONDS, lambda: _takes_reload(haproxy))


def _replace(wanted: Shift, haproxy: Haproxy, present: list[Seen], checked: bool) -> int:
    """Through the admin socket alone: nothing is restarted, no connection notices."""
    backend = wanted.front.backend
    have = {each.name for each in present}
    serving = {each.name for each in present if each.serves}
    pending = [server for server in wanted.servers if server.name not in serving]
    old = sorted(have - {server.name for server in wanted.servers})
    try:
        for server in pending:
            if server.name in have:
                haproxy.enable(backend, server.name, checked)
            else:
                haproxy.add(backend, server, checked)
        _await_up(haproxy, backend, pending if checked else [])
    except OutOfReach:
        _remove(haproxy, backend, _strangers(wanted.doors, pending))
        raise
    if checked:
        _write(wanted)
    for server in wanted.servers:
        haproxy.weigh(backend, server)
    return _retire(haproxy, backend, old, wanted.drain)


def _strangers(doors: Doors, servers: Sequence[Server]) -> list[str]:
    """Those that the configuration does not know."""
    config = Path(doors.config)
    known = config.read_text() if config.exists() else ""
    return [server.name for server in servers if f"  server {server.name} " not in known]


def _retire(haproxy: Haproxy, backend: str, old: Sequence[str], drain: float) -> int:
    for name in old:
        haproxy.drain(backend, name)

    def open_requests() -> int:
        return sum(each.sessions for each in haproxy.servers(backend) or () if each.name in old)

    _within(drain, lambda: open_requests() == 0)
    cut = open_requests()
    _remove(haproxy, backend, old)
    return cut


def _remove(haproxy: Haproxy, backend: str, names: Sequence[str]) -> None:
    left = {each.name for each in haproxy.servers(backend) or ()} & set(names)
    for name in left:
        haproxy.cut(backend, name)

    def gone() -> bool:
        left.difference_update([name for name in left if haproxy.delete(backend, name)])
        return not left

    _within(DELETE_SECONDS, gone)
    if left:
        what = f"HAProxy does not let go of {', '.join(sorted(left))}"
        raise OutOfReach(f"router, backend {backend}", what, "run the update again")


def _must_be_possible(wanted: Shift, haproxy: Haproxy) -> None:
    """A new front needs its port and a reload: asked before anything that runs is changed."""
    config = Path(wanted.doors.config)
    _must_be_free(wanted.front, config.read_text() if config.exists() else None)
    if not haproxy.can_reload:
        _write(wanted)
        fix = f"reload HAProxy so that it reads {config}, then run the update again; or set router.master"
        raise Refused(
            "router",
            f"HAProxy does not know frontend {wanted.front.name}, and cannot be reloaded from here",
            fix,
        )


def _reload(wanted: Shift, haproxy: Haproxy) -> None:
    """The old process ends its requests while the new one listens already."""
    config = Path(wanted.doors.config)
    before = config.read_text() if config.exists() else None
    _write(wanted)
    taken = _within(RELOAD_SECONDS, lambda: _takes_reload(haproxy))
    if not taken or not _within(RELOAD_SECONDS, lambda: _knows(haproxy, wanted.front)):
        _restore(config, before and with_servers(before, wanted.servers))
        what = f"HAProxy did not accept its new configuration for port {wanted.front.port}"
        raise OutOfReach("router", what, "see HAProxy's own log; the front before is in place")
    _await_up(haproxy, wanted.front.backend, wanted.servers)


def _takes_reload(haproxy: Haproxy) -> bool:
    """Not while it is busy with another one."""
    try:
        haproxy.reload()
    except OutOfReach:
        return False
    return True


def _knows(haproxy: Haproxy, front: Front) -> bool:
    try:
        return front.name in haproxy.fronts()
    except OutOfReach:  # between two processes
        return False


def _must_be_free(front: Front, before: str | None) -> None:
    """HAProxy shares its ports with whoever asks alike, so a stranger would go unnoticed."""
    ours = before is not None and f"bind {front.bind}:{front.port}\n" in before
    if not ours and _port_is_taken(front.bind, front.port):
        fix = f"end what listens there (ss -ltnp 'sport = :{front.port}'), or set router.publish in the spec"
        raise Refused("router", f"port {front.port} is in use on this machine", fix)


def _await_up(haproxy: Haproxy, backend: str, servers: Sequence[Server]) -> None:
    names = {server.name for server in servers}

    def missing() -> list[Seen]:
        seen = haproxy.servers(backend) or ()
        return [
            each for each in seen if each.name in names and not (each.up and each.check in _PASSED)
        ]

    if not _within(UP_SECONDS, lambda: not missing()):
        first = missing()[0]
        what = f"HAProxy does not see {first.name} up: check says {first.check}"
        raise OutOfReach(
            f"router, backend {backend}", what, "see that the router reaches that address"
        )


_PASSED = ("L4OK", "L7OK", "L7OKC", "L6OK")


def _within(seconds: float, done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


def _write(wanted: Shift) -> None:
    _restore(Path(wanted.doors.config), wanted.front.text(wanted.servers))


def _restore(config: Path, text: str | None) -> None:
    """All or nothing: HAProxy may be restarted at any moment."""
    if text is None:
        config.unlink(missing_ok=True)
        return
    beside = config.with_suffix(".new")
    beside.write_text(text)
    beside.replace(config)


def _port_is_taken(address: str, port: int) -> bool:
    """Whether somebody listens there on this machine, however politely."""
    host = "" if address == "*" else address
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
