"""A new front: HAProxy learns it by a reload, which needs a free port and a master socket."""

import errno
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from rehouse.components.errors import OutOfReach, Refused
from rehouse.components.front import Front, Shift, with_servers
from rehouse.components.haproxy import Haproxy
from rehouse.components.waiting import await_up, within

RELOAD_SECONDS = 10
LOCK_SECONDS = 60
UNTOUCHED = "what was live before stays live and keeps all traffic"


@contextmanager
def alone_at(port: int) -> Iterator[None]:
    """Nobody else on this machine brings a front for that port meanwhile: both would find it free."""
    with socket.socket(socket.AF_UNIX) as lock:
        if not within(LOCK_SECONDS, lambda: _binds(lock, f"\0rehouse-port-{port}")):
            what = f"another update has been opening port {port} for {LOCK_SECONDS} s"
            raise OutOfReach("router", what, "run the update again when it has ended")
        yield


def _binds(lock: socket.socket, name: str) -> bool:
    """In the abstract namespace of unix(7): no file is left, and it ends with the process."""
    try:
        lock.bind(name)
    except OSError:
        return False
    return True


def must_be_possible(wanted: Shift, haproxy: Haproxy) -> None:
    """A new front needs its port and a reload: asked before anything that runs is changed."""
    _must_be_free(wanted.front, wanted.doors.written() or "")
    if not haproxy.can_reload:
        wanted.write()
        what = (
            f"HAProxy does not know frontend {wanted.front.name}, and cannot be reloaded from here"
        )
        config = wanted.doors.config
        fix = f"reload HAProxy so that it reads {config}, then run the update again; or set router.master"
        raise Refused("router", what, fix)


def bring(wanted: Shift, haproxy: Haproxy) -> None:
    """The old process ends its requests while the new one listens already."""
    before = wanted.doors.written()
    wanted.write()
    if not _reload(haproxy) or not within(
        RELOAD_SECONDS, lambda: _knows(haproxy, wanted.front) is True
    ):
        wanted.doors.write(before and with_servers(before, wanted.servers))
        what = f"HAProxy did not accept its new configuration for port {wanted.front.port}"
        fix = "see HAProxy's own log, then run the update again"
        state = (
            "the front before is in place; where there was one, the new generation has its traffic"
        )
        raise OutOfReach("router", what, fix, state)
    await_up(haproxy, wanted.front.backend, wanted.servers)


def forget(front: Front, haproxy: Haproxy) -> None:
    """Reads the files again, without that of the front; until then HAProxy would not hear a signal to stop."""
    if _reload(haproxy):
        within(RELOAD_SECONDS, lambda: _knows(haproxy, front) is False)


def _reload(haproxy: Haproxy) -> bool:
    """Whether HAProxy has taken the order; the outcome shows in what it knows later."""
    return within(RELOAD_SECONDS, lambda: _takes_reload(haproxy))


def _takes_reload(haproxy: Haproxy) -> bool:
    """Not while it is busy with another one."""
    try:
        haproxy.reload()
    except OutOfReach:
        return False
    return True


def _knows(haproxy: Haproxy, front: Front) -> bool | None:
    """None between two processes, when nobody can say."""
    try:
        return front.name in haproxy.fronts()
    except OutOfReach:
        return None


def _must_be_free(front: Front, before: str) -> None:
    """HAProxy shares its ports with whoever asks alike, so a stranger would go unnoticed."""
    if re.search(rf"^  bind .*:{front.port}$", before, re.MULTILINE):
        return  # it is ours
    fault = _why_not_free(front.bind, front.port)
    if fault == errno.EADDRINUSE:
        fix = (
            f"see who listens (as root, for its name): ss -ltnp 'sport = :{front.port}'; stop that, "
            f"or set router.publish in the spec to a port that is free"
        )
        where = f"router of {front.backend}"
        raise Refused(where, f"port {front.port} is in use on this machine", fix, UNTOUCHED)
    if fault == errno.EADDRNOTAVAIL:
        what = f"{front.bind} is no address of this machine"
        raise Refused(
            "router", what, "set router.bind of the site to one of them (ip address), or to *"
        )


def _why_not_free(address: str, port: int) -> int | None:
    """The error number of the system, whoever listens there, however politely. None where it is free."""
    host = "" if address == "*" else address.strip("[]")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno
    return None
