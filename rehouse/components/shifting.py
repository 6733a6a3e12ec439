"""Moves the traffic from the servers that HAProxy has to those it shall have."""

from collections.abc import Collection, Sequence
from contextlib import suppress

from rehouse.components.errors import OutOfReach
from rehouse.components.front import Doors, Front, Server, Shift, instance_of
from rehouse.components.haproxy import Haproxy, Seen
from rehouse.components.notes import note
from rehouse.components.reloading import alone_at, bring, forget, must_be_possible
from rehouse.components.waiting import await_up, within

START_SECONDS = 5
DELETE_SECONDS = 5


def shift(wanted: Shift) -> int:
    """Returns when the new servers have the traffic and the old ones are gone: how many connections were cut.

    Raises OutOfReach or Refused; the old servers then have the traffic that they had.
    """
    wanted.doors.must_be_of(wanted.front)
    haproxy = Haproxy.behind(wanted.doors)
    within(START_SECONDS, haproxy.is_there)
    present = haproxy.servers(wanted.front.backend)
    runs = wanted.front.name in haproxy.fronts()
    if runs:
        return _replace(wanted, haproxy, present or [], checked=True)
    with alone_at(wanted.front.port):
        must_be_possible(wanted, haproxy)
        cut = 0 if present is None else _replace(wanted, haproxy, present, checked=False)
        bring(wanted, haproxy)
    return cut


def leave_out(plan: Shift, instances: Collection[str]) -> None:
    """Their servers are gone, also after a restart: who gets their addresses next has no traffic before its gate."""
    plan.doors.must_be_of(plan.front)
    kept = [each for each in plan.servers if each.instance not in instances]
    plan.doors.write(plan.front.text(kept))
    haproxy = Haproxy.behind(plan.doors)
    try:
        present = haproxy.servers(plan.front.backend) or ()
    except OutOfReach:
        return  # it reads the file when it starts
    names = [each.name for each in present if instance_of(each.name) in instances]
    _remove(haproxy, plan.front.backend, names)


def expel(plan: Shift, server: str) -> None:
    """One that should not be there is gone, also after a restart; the others stay as they are."""
    if text := plan.doors.written():
        plan.doors.must_be_of(plan.front)
        lines = [line for line in text.splitlines() if not line.startswith(f"  server {server} ")]
        plan.doors.write("\n".join(lines) + "\n")
    haproxy = Haproxy.behind(plan.doors)
    if haproxy.is_there():
        _remove(haproxy, plan.front.backend, [server])


def close(doors: Doors, front: Front) -> None:
    """Takes the service out of the router, as far as the router is still there."""
    doors.must_be_of(front)
    doors.write(None)
    haproxy = Haproxy.behind(doors)
    try:
        names = [each.name for each in haproxy.servers(front.backend) or ()]
    except OutOfReach:
        return
    with suppress(OutOfReach):  # the reload ends what does not let go
        _remove(haproxy, front.backend, names)
    forget(front, haproxy)


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
        await_up(haproxy, backend, pending if checked else [])
        if checked:
            wanted.write()
    except OutOfReach:
        _remove(haproxy, backend, _unwritten(wanted.doors, pending))
        raise
    for server in wanted.servers:
        haproxy.weigh(backend, server)
    return _retire(haproxy, backend, old, wanted.drain)


def _unwritten(doors: Doors, servers: Sequence[Server]) -> list[str]:
    """Those that the configuration does not know."""
    known = doors.written() or ""
    return [server.name for server in servers if f"  server {server.name} " not in known]


def _retire(haproxy: Haproxy, backend: str, old: Sequence[str], drain: float) -> int:
    instances = [instance_of(name) for name in old]
    if instances:
        note("drain", instances=instances, state="begins")
    for name in old:
        haproxy.drain(backend, name)

    def open_requests() -> int:
        return sum(each.sessions for each in haproxy.servers(backend) or () if each.name in old)

    within(drain, lambda: open_requests() == 0)
    cut = open_requests()
    _remove(haproxy, backend, old)
    if instances:
        note("drain", instances=instances, state="done")
    return cut


def _remove(haproxy: Haproxy, backend: str, names: Sequence[str]) -> None:
    left = {each.name for each in haproxy.servers(backend) or ()} & set(names)
    for name in left:
        haproxy.cut(backend, name)

    def gone() -> bool:
        left.difference_update([name for name in left if haproxy.delete(backend, name)])
        return not left

    within(DELETE_SECONDS, gone)
    if left:
        what = f"HAProxy does not let go of {', '.join(sorted(left))}"
        raise OutOfReach(f"router, backend {backend}", what, "run the update again")
