"""In maintenance a real HAProxy turns users away by itself, and comes back as it was."""

# ruff: noqa: SIM300

import http.client
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.unit.balancer import Balancer, balancer, eventually

TEXT = """We're <back> at "ten": $HOME \\ %[src] & more, täglich"""


@pytest.fixture
def router() -> Iterator[Balancer]:
    with balancer() as made:
        yield made


def test_users_read_the_text_of_the_spec(router: Balancer):
    """With a 503, when to try again, and whatever characters it has."""
    web = router.backend()
    router.shift(web.server(), unavailable=TEXT)
    router.shift(web.server(0), unavailable=TEXT)
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(f"http://127.0.0.1:{router.port}/", timeout=20)
    answer = raised.value
    assert (503, "30") == (answer.code, answer.headers["Retry-After"])
    shown = "We&#x27;re &lt;back&gt; at &quot;ten&quot;: $HOME \\ %[src] &amp; more, täglich"
    assert f"<p>{shown}</p>" in answer.read().decode()


def test_it_comes_and_goes_without_a_reload(router: Balancer):
    """The same process; the instance is checked all the time, and has everything again."""
    web = router.backend()
    router.shift(web.server())
    before = router.say("show info").split("Pid: ")[1].split()[0]
    router.shift(web.server(0))
    assert {"503"} == router.answering()
    web.paths.clear()
    eventually(lambda: "/well" in web.paths, "it is checked")
    router.shift(web.server())
    assert {web.name} == router.answering()
    assert before == router.say("show info").split("Pid: ")[1].split()[0]


def test_it_outlives_a_restart_and_a_deploy(router: Balancer):
    """What the file says is what was shifted last; a new server comes without traffic."""
    old, new = router.backend(), router.backend()
    router.shift(old.server())
    router.shift(old.server(0))
    router.restart()
    assert {"503"} == router.answering()
    router.shift(new.server(0))
    assert ({"503"}, [new.server().name]) == (router.answering(), router.running())
    router.shift(new.server())
    assert {new.name} == router.answering()


def test_a_connection_is_hung_up_on(router: Balancer):
    """In mode tcp there are no words for it."""
    web = router.backend()
    router.shift(web.server(), mode="tcp")
    router.shift(web.server(0), mode="tcp")
    with pytest.raises((OSError, http.client.HTTPException)):
        router.get()
    with socket.create_connection(("127.0.0.1", router.port), timeout=20) as connection:
        assert b"" == connection.recv(1)


def test_a_request_in_flight_is_finished(router: Balancer):
    """Only who comes later is turned away."""
    web = router.backend()
    router.shift(web.server())
    results: list[str] = []
    request = router.waiting("/hold", results)
    assert web.held.wait(20)
    router.shift(web.server(0))
    assert {"503"} == router.answering()
    web.go.set()
    request.join(20)
    assert [web.name] == results
