"""What HAProxy is told and what it says, in its own words."""

from pathlib import Path
from typing import Any

import pytest

from rehouse.components.errors import OutOfReach
from rehouse.components.front import Front, Server, front_of, with_servers
from rehouse.components.haproxy import Haproxy
from tests.unit.makers import spec

LABEL = "web.stack.project"
ONE = Server(name="web-1_10.0.0.2:80", address="10.0.0.2:80", weight=100)
TWO = Server(name="web-2_10.0.0.3:80", address="10.0.0.3:80", weight=0)


def test_the_text_of_a_front_is_a_whole_file():
    """Frontend, backend, health check and servers, and nothing that changes by itself."""
    front = front_of(spec(health={"http": "/well"}), LABEL, "*")
    assert (
        "# Written by Rehouse, again at every shift.\n"
        f"frontend {front.name}\n"
        "  mode http\n"
        "  bind *:8080\n"
        "  option idle-close-on-response\n"
        "  timeout http-keep-alive 1h\n"
        "  timeout client 1h\n"
        "  default_backend web.stack.project\n"
        "\n"
        "backend web.stack.project\n"
        "  mode http\n"
        "  balance roundrobin\n"
        "  option forwardfor\n"
        "  timeout connect 2s\n"
        "  timeout server 1h\n"
        "  timeout check 2s\n"
        "  retries 3\n"
        "  option redispatch 1\n"
        "  option httpchk\n"
        "  http-check send meth GET uri /well ver HTTP/1.1 hdr Host rehouse\n"
        "  http-check expect status 200-399\n"
        "  server web-1_10.0.0.2:80 10.0.0.2:80 check inter 250ms fastinter 100ms rise 1 fall 3 "
        "pool-purge-delay 250ms weight 100\n"
    ) == front.text([ONE])


def test_servers_can_be_exchanged_in_a_text():
    """The front before, with other servers: what to write where a new front was not accepted."""
    front = front_of(spec(), LABEL, "*")
    assert front.text([TWO]) == with_servers(front.text([ONE, ONE]), [TWO])


@pytest.mark.parametrize(
    "change",
    [
        {"router": {"publish": 8081}},
        {"router": {"mode": "tcp"}},
        {"router": {"unavailable": "Back soon."}},
        {"health": {"http": "/"}},
        {"health": {"http": "/else"}},
    ],
    ids=str,
)
def test_another_text_has_another_name(change: dict[str, Any]):
    """A name that runs, runs this text: what needs a reload is seen by the name."""
    assert front_of(spec(), LABEL, "*").name != front_of(spec(**change), LABEL, "*").name


def test_another_address_has_another_name():
    """The address that is bound is part of the text."""
    assert front_of(spec(), LABEL, "*").name != front_of(spec(), LABEL, "127.0.0.1").name


@pytest.mark.parametrize("change", [{"replicas": 5}, {"env": {"A": "b"}}, {"image": "web:2"}])
def test_what_does_not_concern_the_front_keeps_its_name(change: dict[str, Any]):
    """Another generation behind the same front needs no reload."""
    assert front_of(spec(), LABEL, "*").name == front_of(spec(**change), LABEL, "*").name


@pytest.mark.parametrize("health", [{"tcp": True}, {"exec": ("/bin/check",)}, {}])
def test_without_http_the_check_is_a_connection(health: dict[str, Any]):
    """HAProxy cannot run commands in an instance."""
    assert "httpchk" not in front_of(spec(health=health), LABEL, "*").text([ONE])


def test_tcp_knows_no_requests():
    """In mode tcp nothing of HTTP is said."""
    text = front_of(spec(router={"mode": "tcp"}), LABEL, "*").text([ONE])
    assert ("mode tcp" in text, "http" in text, "forwardfor" in text) == (True, False, False)


@pytest.mark.parametrize("path", ["/a b", "/a\nb", "/a\tb", "/ä", "well", ""])
def test_a_path_cannot_break_out_of_its_line(path: str):
    """Nobody writes HAProxy configuration by way of health.http."""
    with pytest.raises(ValueError, match=r"health\.http"):
        spec(health={"http": path})


@pytest.mark.parametrize("text", ["", "two\nlines", "a\x00b", "x" * 501])
def test_a_text_for_users_cannot_either(text: str):
    """One line, and not too long for HAProxy."""
    with pytest.raises(ValueError, match=r"router\.unavailable"):
        spec(router={"unavailable": text})


def test_no_haproxy_is_out_of_reach(tmp_path: Path):
    """Where nothing listens, it says where, and what to do."""
    with pytest.raises(OutOfReach) as raised:
        Haproxy(tmp_path / "admin.sock", None).fronts()
    assert (
        f"router at {tmp_path}/admin.sock: does not answer: No such file or directory\n"
        "fix: see that HAProxy runs (one of ours: docker ps --all --filter label=rehouse.router, "
        "then docker start; pulumi up --refresh where it is gone) and that this user may open its socket"
    ) == str(raised.value)


def test_a_front_survives_json():
    """A plan is kept in the state as JSON."""
    front = front_of(spec(health={"http": "/well"}), LABEL, "*")
    assert front == Front.model_validate_json(front.model_dump_json())
