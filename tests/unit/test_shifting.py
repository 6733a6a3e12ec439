"""Traffic moves in a real HAProxy, and nothing else does."""

# ruff: noqa: SIM300

import errno
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehouse.components import reloading, shifting, waiting
from rehouse.components.errors import OutOfReach, Refused
from rehouse.components.haproxy import Haproxy
from rehouse.components.reloading import alone_at
from rehouse.components.shifting import close, shift
from tests.unit.balancer import Balancer, balancer, eventually, plan


@pytest.fixture
def router() -> Iterator[Balancer]:
    with balancer() as made:
        yield made


def test_a_first_front_is_brought_by_a_reload(router: Balancer):
    """A service that HAProxy did not know is answered when the shift returns."""
    web = router.backend()
    assert 0 == router.shift(web.server())
    assert web.name == router.get()


def test_traffic_is_shifted_without_a_reload(router: Balancer):
    """The same process goes on; the new server has everything, the old one is gone."""
    old, new = router.backend(), router.backend()
    router.shift(old.server())
    before = worker(router)
    router.shift(new.server())
    assert {new.name} == router.answering()
    assert ([new.server().name], before) == (router.running(), worker(router))


def test_the_same_shift_again_changes_nothing(router: Balancer):
    """What is as it shall be stays as it is."""
    web = router.backend()
    router.shift(web.server())
    before = (worker(router), router.config.read_text())
    assert 0 == router.shift(web.server())
    assert before == (worker(router), router.config.read_text())


def test_weights_are_taken_in_place(router: Balancer):
    """Of 40 requests, every tenth goes where every tenth shall go."""
    heavy, light = router.backend(), router.backend()
    router.shift(heavy.server())
    router.shift(heavy.server(90), light.server(10))
    answers = [router.get() for _ in range(40)]
    assert answers.count(light.name) in (3, 4, 5)


def test_a_weight_of_nothing_gets_nothing(router: Balancer):
    """A generation that stands without traffic is known and checked."""
    live, raised = router.backend(), router.backend()
    router.shift(live.server(100), raised.server(0))
    assert {live.name} == router.answering()
    assert "/well" in raised.paths
    router.shift(live.server(0), raised.server(100))
    assert {raised.name} == router.answering()


@pytest.mark.parametrize("health", ["/well", None])
def test_each_kind_of_check_lets_a_good_server_pass(router: Balancer, health: str | None):
    """By request or by connection, a new server is seen up before it gets traffic."""
    old, new = router.backend(), router.backend()
    router.shift(old.server(), health=health)
    router.shift(new.server(), health=health)
    assert {new.name} == router.answering()


def test_connections_are_shifted_as_well_as_requests(router: Balancer):
    """Mode tcp has its own front and the same way."""
    old, new = router.backend(), router.backend()
    router.shift(old.server(), mode="tcp")
    router.shift(new.server(), mode="tcp")
    assert {new.name} == router.answering()


def test_an_open_request_is_waited_for(router: Balancer):
    """The old server keeps its request, the new one gets all others, then the old one goes."""
    old, new = router.backend(), router.backend()
    router.shift(old.server())
    results: list[str] = []
    request = router.waiting("/hold", results)
    assert old.held.wait(20)
    counts: list[int] = []
    shifting_ = background(lambda: counts.append(router.shift(new.server())))
    eventually(lambda: {new.name} == router.answering(), "all others go to the new server")
    assert (True, []) == (shifting_.is_alive(), results)
    old.go.set()
    request.join(20)
    shifting_.join(20)
    assert ([old.name], [0]) == (results, counts)
    assert [new.server().name] == router.running()


def test_what_outlasts_the_drain_is_cut_and_counted(router: Balancer):
    """At the deadline the old server goes, and the number of its requests is told."""
    old, new = router.backend(), router.backend()
    router.shift(old.server())
    results: list[str] = []
    requests = [router.waiting("/hold", results) for _ in range(2)]
    eventually(lambda: sessions(router) == 2, "both requests are open")
    assert 2 == router.shift(new.server(), drain=0.1)
    for each in requests:
        each.join(20)
    assert old.name not in results
    assert [new.server().name] == router.running()


def test_a_drain_of_nothing_cuts_at_once(router: Balancer):
    """rollout.drain may be 0s."""
    old, new = router.backend(), router.backend()
    router.shift(old.server())
    router.waiting("/hold", [])
    eventually(lambda: sessions(router) == 1, "the request is open")
    assert 1 == router.shift(new.server(), drain=0)


def test_a_server_that_fails_its_check_changes_nothing(
    router: Balancer, monkeypatch: pytest.MonkeyPatch
):
    """The old traffic is untouched, no server and no line of configuration is left."""
    monkeypatch.setattr(waiting, "UP_SECONDS", 1)
    old, bad, good = router.backend(), router.backend(status=500), router.backend()
    router.shift(old.server())
    before = router.config.read_text()
    with pytest.raises(OutOfReach) as raised:
        router.shift(good.server(), bad.server())
    expected = f"HAProxy does not see {bad.server().name} up: check says L7STS"
    assert f"router, backend web.stack.project: {expected}" in str(raised.value)
    assert ({old.name}, [old.server().name]) == (router.answering(), router.running())
    assert before == router.config.read_text()


def test_a_server_that_cannot_be_added_changes_nothing(router: Balancer):
    """The second is refused by HAProxy: the first is not left behind."""
    old, new = router.backend(), router.backend()
    router.shift(old.server())
    broken = new.server().model_copy(update={"name": "web-9", "address": "127.0.0.1:nowhere"})
    with pytest.raises(OutOfReach, match="HAProxy answered"):
        router.shift(new.server(), broken)
    assert ({old.name}, [old.server().name]) == (router.answering(), router.running())


def test_another_check_takes_the_new_generation_with_it(router: Balancer):
    """The new generation answers the new check only, the old one the old check only."""
    old, new = router.backend(), router.backend()
    router.shift(old.server(), health="/well")
    router.shift(new.server(), health="/other")
    assert {new.name} == router.answering()
    eventually(lambda: "/other" in new.paths, "the new check is asked")
    assert "/well" not in new.paths


def test_another_port_is_answered_by_the_new_generation(router: Balancer):
    """The new port answers, the old one is closed."""
    old, new = router.backend(), router.backend()
    router.shift(old.server())
    router.shift(new.server(), port=router.other_port)
    assert new.name == router.get(port=router.other_port)
    eventually(lambda: refused(router, router.port), "the old port is closed")


def test_an_open_request_survives_a_new_front(router: Balancer):
    """A change that needs a reload waits for open requests as any other."""
    old, new = router.backend(), router.backend()
    router.shift(old.server())
    results: list[str] = []
    request = router.waiting("/hold", results)
    assert old.held.wait(20)
    shifting_ = background(lambda: router.shift(new.server(), health="/other"))
    eventually(lambda: {new.name} == router.answering(), "all others go to the new server")
    old.go.set()
    request.join(20)
    shifting_.join(20)
    assert [old.name] == results


def test_a_port_of_a_stranger_is_refused_at_first(router: Balancer):
    """HAProxy would share the port: it is refused, and nothing is written."""
    stranger, web = router.backend(), router.backend()
    told = f"port {stranger.server_port} is in use on this machine"
    with pytest.raises(Refused, match=told) as raised:
        router.shift(web.server(), port=stranger.server_port)
    assert f"ss -ltnp 'sport = :{stranger.server_port}'" in raised.value.fix
    assert "router.publish in the spec" in raised.value.fix
    assert (False, []) == (router.config.exists(), router.running())


def test_moving_to_a_port_of_a_stranger_changes_nothing(router: Balancer):
    """The old generation keeps its traffic and the old port; no server is left behind."""
    stranger, old, new = router.backend(), router.backend(), router.backend()
    router.shift(old.server())
    before = router.config.read_text()
    with pytest.raises(Refused, match="is in use on this machine"):
        router.shift(new.server(), port=stranger.server_port)
    assert ({old.name}, [old.server().name]) == (router.answering(), router.running())
    assert before == router.config.read_text()


def test_another_address_on_the_same_port_is_no_stranger(router: Balancer):
    """The port is ours already: it moves from one address to all."""
    web = router.backend()
    router.shift(web.server())
    everywhere = router.front().model_copy(update={"bind": "*"})
    shift(plan(router.doors, everywhere, web.server()))
    assert ({web.name}, [everywhere.name]) == (router.answering(), router.haproxy.fronts())


@pytest.mark.parametrize("bind", ["[::1]", "localhost"])
def test_any_way_to_write_an_address_is_understood(router: Balancer, bind: str):
    """A port in use is found by it, and a free one is not refused."""
    with socket.create_server((bind.strip("[]"), 0), family=family(bind)) as stranger:
        taken = router.front(port=stranger.getsockname()[1]).model_copy(update={"bind": bind})
        with pytest.raises(Refused, match="is in use on this machine"):
            shift(plan(router.doors, taken, router.backend().server()))
    assert 0 == shift(plan(router.doors, taken, router.backend().server()))


def test_an_address_of_another_machine_is_refused(router: Balancer):
    """Its port is not in use: the address is wrong, and the error says so."""
    elsewhere = router.front().model_copy(update={"bind": "192.0.2.1"})
    with pytest.raises(Refused, match=r"192\.0\.2\.1 is no address of this machine"):
        shift(plan(router.doors, elsewhere, router.backend().server()))


def test_a_front_that_haproxy_rejects_leaves_what_runs_in_the_file(
    router: Balancer, monkeypatch: pytest.MonkeyPatch
):
    """Somebody else's broken file: the old front goes on, and a restart brings what runs now."""
    monkeypatch.setattr(reloading, "RELOAD_SECONDS", 1)
    old, new = router.backend(), router.backend()
    router.shift(old.server())
    broken = router.home / "conf" / "x.cfg"
    broken.write_text("frontend x\n  no such word\n")
    with pytest.raises(OutOfReach, match="did not accept its new configuration"):
        router.shift(new.server(), health="/other")
    assert {new.name} == router.answering()
    assert (router.running(), router.front().name) == (router.written(), router.haproxy.fronts()[0])
    broken.unlink()
    router.shift(new.server(), health="/other")
    assert {new.name} == router.answering()


def test_without_a_master_socket_a_person_is_asked(router: Balancer):
    """The file is written, and the next run goes on when somebody has reloaded HAProxy."""
    web = router.backend()
    alone = plan(router.doors.model_copy(update={"master": None}), router.front(), web.server())
    with pytest.raises(Refused, match=f"reload HAProxy so that it reads {router.config}"):
        shift(alone)
    router.restart()
    assert 0 == shift(alone)
    assert {web.name} == router.answering()


def test_a_restart_brings_what_ran(router: Balancer):
    """After each shift the file says what runs: servers, weights and front."""
    backends = [router.backend() for _ in range(4)]
    shifts = [
        router.plan(backends[0].server()),
        router.plan(backends[1].server(90), backends[2].server(10)),
        router.plan(backends[3].server(), health="/other"),
    ]
    for each in shifts:
        shift(each)
        before = (router.running(), weights(router))
        router.restart()
        assert before == (router.running(), weights(router))
        assert [each.front.name] == router.haproxy.fronts()


@pytest.mark.parametrize("killed", [1, 2, 3])
def test_an_interrupted_shift_is_completed(router: Balancer, killed: int):
    """The client was killed after one of the three commands that add a server."""
    old, new = router.backend(), router.backend()
    router.shift(old.server())
    name = f"web.stack.project/{new.server().name}"
    address = f"127.0.0.1:{new.server_port}"
    check = "check inter 250ms rise 1 fall 3 pool-purge-delay 250ms weight 0"
    steps = [
        f"add server {name} {address} {check}",
        f"enable server {name}",
        f"enable health {name}",
    ]
    for command in steps[:killed]:
        router.say(command)
    router.shift(new.server())
    assert ({new.name}, [new.server().name]) == (router.answering(), router.running())
    new.status = 500
    eventually(lambda: not up(router, new.server().name), "it is checked")


def test_a_shift_that_was_killed_while_it_drained_is_completed(router: Balancer):
    """The old server is left in drain, the new one without weight: the next run finishes."""
    old, new = router.backend(), router.backend()
    router.shift(old.server(), new.server(0))
    router.haproxy.drain("web.stack.project", old.server().name)
    router.shift(new.server())
    assert ({new.name}, [new.server().name]) == (router.answering(), router.running())


def test_a_shift_that_was_killed_while_it_drained_is_undone(router: Balancer):
    """The same, but the old generation is wanted again: it comes out of drain."""
    old, new = router.backend(), router.backend()
    router.shift(old.server(), new.server(0))
    router.haproxy.drain("web.stack.project", old.server().name)
    router.shift(old.server())
    assert ({old.name}, [old.server().name]) == (router.answering(), router.running())


def test_a_file_of_somebody_else_is_not_overwritten(router: Balancer):
    """The administrator's own configuration, and that of another service of ours."""
    other = router.front(port=router.other_port).model_copy(update={"backend": "other"})
    for text in ("global\n  daemon\n", other.text([])):
        router.config.write_text(text)
        with pytest.raises(Refused, match=r"is not the file of web\.stack\.project"):
            router.shift(router.backend().server())
        with pytest.raises(Refused, match="would be overwritten"):
            close(router.doors, router.front())
        assert text == router.config.read_text()


def test_two_services_that_open_one_port_take_turns(router: Balancer):
    """Both would find it free, and HAProxy would share it: the second waits, and is refused."""
    web, counts = router.backend(), []
    with alone_at(router.port):
        shifting_ = background(lambda: counts.append(router.shift(web.server())))
        shifting_.join(0.3)
        assert (True, False) == (shifting_.is_alive(), router.config.exists())
    shifting_.join(20)
    assert [0] == counts


def test_a_folder_that_cannot_be_written_leaves_no_server(
    router: Balancer, monkeypatch: pytest.MonkeyPatch
):
    """The disk is full in the middle of a shift: the servers that were added go, the old ones stay."""
    old, new = router.backend(), router.backend()
    router.shift(old.server())

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        with pytest.raises(OutOfReach, match="cannot be written: No space left on device"):
            router.shift(new.server())
    assert ({old.name}, [old.server().name]) == (router.answering(), router.running())


def test_an_interrupted_server_must_be_well_too(router: Balancer, monkeypatch: pytest.MonkeyPatch):
    """A server that a killed client has added gets no traffic before it is seen up."""
    monkeypatch.setattr(waiting, "UP_SECONDS", 1)
    old, bad = router.backend(), router.backend(status=500)
    router.shift(old.server())
    router.haproxy.add("web.stack.project", bad.server(), checked=True)
    with pytest.raises(OutOfReach, match="does not see"):
        router.shift(bad.server())
    assert ({old.name}, [old.server().name]) == (router.answering(), router.running())


def test_a_live_server_that_is_down_does_not_hold_up_others(router: Balancer):
    """One of two instances has died: a change of weights goes through."""
    well, ill = router.backend(), router.backend()
    router.shift(well.server(), ill.server())
    ill.status = 500
    eventually(lambda: not up(router, ill.server().name), "HAProxy has noticed")
    router.shift(well.server(50), ill.server(100))
    assert {well.name} == router.answering()


def test_closing_removes_the_service(router: Balancer):
    """Front, servers and file are gone; HAProxy goes on."""
    web = router.backend()
    router.shift(web.server())
    close(router.doors, router.front())
    eventually(lambda: fronts(router) == [], "the front is gone")
    assert (False, []) == (router.config.exists(), router.running())
    assert refused(router, router.port)


def test_closing_leaves_other_services_alone(router: Balancer):
    """Another service in the same HAProxy answers before and after."""
    web, other = router.backend(), router.backend()
    router.shift(web.server())
    doors = router.doors.model_copy(update={"config": f"{router.home}/conf/other.cfg"})
    front = router.front(port=router.other_port).model_copy(update={"backend": "other"})
    shift(plan(doors, front, other.server()))
    close(router.doors, router.front())
    eventually(lambda: fronts(router) == [front.name], "one front is left")
    assert other.name == router.get(port=router.other_port)


def test_a_reload_in_progress_is_waited_for(router: Balancer):
    """HAProxy refuses its master socket for a moment after each reload: five fronts in a row."""
    web = router.backend()
    for number in range(5):
        router.shift(web.server(), health=f"/{number}")
    assert [router.front(health="/4").name] == router.haproxy.fronts()


def test_a_refused_reload_is_asked_for_again(router: Balancer, monkeypatch: pytest.MonkeyPatch):
    """Another service may have reloaded the same HAProxy a moment ago."""
    refusals = [OutOfReach("router", "is busy", "wait")] * 2
    reload = Haproxy.reload

    def busy(haproxy: Haproxy) -> None:
        if refusals:
            raise refusals.pop()
        reload(haproxy)

    monkeypatch.setattr(Haproxy, "reload", busy)
    web = router.backend()
    router.shift(web.server())
    assert {web.name} == router.answering()


def test_closing_what_is_gone_is_done_already(router: Balancer):
    """HAProxy does not run any more: nothing to do, and no error."""
    router.shift(router.backend().server())
    router.stop()
    close(router.doors, router.front())
    assert not router.config.exists()


def test_a_router_that_is_being_started_is_waited_for(router: Balancer):
    """The router's container was created a moment ago: its sockets come one by one."""
    router.stop()
    web, counts = router.backend(), []
    shifting_ = background(lambda: counts.append(router.shift(web.server())))
    router.start()
    shifting_.join(20)
    assert ([0], {web.name}) == (counts, router.answering())


def test_a_router_that_does_not_run_is_out_of_reach(
    router: Balancer, monkeypatch: pytest.MonkeyPatch
):
    """Nothing is written for an HAProxy that nobody can ask."""
    monkeypatch.setattr(shifting, "START_SECONDS", 0)
    router.stop()
    with pytest.raises(OutOfReach, match="does not answer"):
        router.shift(router.backend().server())
    assert not router.config.exists()


def test_nothing_half_written_is_ever_read(router: Balancer):
    """The file is replaced as a whole: its folder never keeps a part."""
    router.shift(router.backend().server())
    assert [Path(router.doors.config)] == list(router.config.parent.iterdir())


def family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def background(work) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def worker(router: Balancer) -> str:
    lines = router.say("show info").splitlines()
    return next(line for line in lines if line.startswith("Pid:"))


def weights(router: Balancer) -> list[str]:
    lines = router.say("show servers state web.stack.project").splitlines()[2:]
    return sorted(" ".join(line.split()[i] for i in (3, 7)) for line in lines)


def sessions(router: Balancer) -> int:
    return sum(each.sessions for each in router.haproxy.servers("web.stack.project") or ())


def up(router: Balancer, name: str) -> bool:
    seen = router.haproxy.servers("web.stack.project") or ()
    return next(each.up for each in seen if each.name == name)


def fronts(router: Balancer) -> list[str] | None:
    try:
        return router.haproxy.fronts()
    except OutOfReach:  # between two processes
        return None


def refused(router: Balancer, port: int) -> bool:
    try:
        router.get(port=port)
    except ConnectionError:
        return True
    return False
