"""What cannot or must not be done is refused with where, what and a way out, and nothing is touched."""

import contextlib
import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from lab.daemons import another_dockerd
from lab.images.catalogue import architecture, foreign
from tests.e2e.estate import (
    REGISTRY,
    Run,
    Stack,
    eventually,
    free_port,
    listens,
    standing,
    stranger,
)

pytestmark = pytest.mark.e2e


@dataclasses.dataclass(frozen=True)
class Request:
    """What is asked for, and the texts that the answer must have."""

    name: str
    says: tuple[str, ...]
    spec: dict[str, Any] = dataclasses.field(default_factory=dict)
    site: dict[str, Any] = dataclasses.field(default_factory=dict)
    target: str = "container"
    variables: dict[str, str] = dataclasses.field(default_factory=dict)


DEFAULT = [{"name": "local", "url": "unix:///var/run/docker.sock"}]
NOWHERE = f"127.0.0.1:{free_port()}"
FOREIGN = foreign(architecture())
REQUESTS = [
    Request(
        "an image that is missing",
        (f"image {REGISTRY}/example:none: cannot be resolved", "docker --host unix:///"),
        {"image": f"{REGISTRY}/example:none"},
    ),
    Request(
        "a registry that is down",
        (f"image {NOWHERE}/example:1: cannot be resolved", "refused"),
        {"image": f"{NOWHERE}/example:1"},
    ),
    Request(
        "an image for other processors",
        (f"image {REGISTRY}/example:{FOREIGN}: is for linux/{FOREIGN}", "build it for linux/"),
        {"image": f"{REGISTRY}/example:{FOREIGN}"},
    ),
    Request(
        "a Docker socket that is not there",
        (
            "Docker at unix:///nowhere.sock does not answer: no such socket",
            "unix:///nowhere.sock info",
        ),
        site={"daemons": [{"url": "unix:///nowhere.sock"}]},
    ),
    Request(
        "a secret without a value",
        ("service web: secret TOKEN has no value in this stack", "pulumi config set --secret"),
        {"secrets": ["TOKEN"]},
    ),
    Request(
        "DOCKER_HOST",
        ("environment variable DOCKER_HOST: is set and would override", "unset DOCKER_HOST"),
        variables={"DOCKER_HOST": "unix:///run/docker.sock"},
    ),
    Request(
        "a typing error",
        ("web.yaml:", "replica: unknown key", "did you mean 'replicas'?"),
        {"replica": 3},
    ),
    Request(
        "a target that is not known",
        ("target swarm: is not known", "known: container"),
        target="swarm",
    ),
    Request(
        "a site with a typing error",
        ("Pulumi.test.yaml, site: daemons.0.urll: unknown key", "did you mean 'url'?"),
        site={"daemons": [{"urll": "unix:///run/docker.sock"}]},
    ),
    Request(
        "tcp without certificates",
        ("Pulumi.test.yaml, site: daemons.0: must have certificates",),
        site={"daemons": [{"url": "tcp://127.0.0.1:2375"}]},
    ),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that serves; whatever is refused, it goes on untouched."""
    with standing(tmp_path_factory.mktemp("served")) as stack:
        stack.up_or_fail()
        yield stack


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: each.name.replace(" ", "-"))
def test_it_is_refused_before_anything_is_touched(served: Stack, request_: Request) -> None:
    """Not 0, where, what and fix, no traceback; every container is the same, strangers' too."""
    with untouched(served), stranger():
        run = ask(served, request_)
    run.explains(*request_.says)
    assert run.changes() == {}


def test_a_docker_daemon_that_was_stopped(served: Stack) -> None:
    """The daemon is named, with its url and the command that shows the same."""
    with another_dockerd() as daemon, untouched(served):
        daemon.stop()
        request_ = Request(
            "", (), site={"daemons": [*DEFAULT, {"name": "second", "url": daemon.url}]}
        )
        run = ask(served, request_)
    run.explains(f"Docker at {daemon.url} does not answer", daemon.url)


def test_a_router_that_was_stopped(served: Stack) -> None:
    """The old generation is not retired while nobody could shift the traffic; started again, it goes on."""
    with untouched(served):
        router = served.router_container()
        router.stop(timeout=1)
        try:
            run = served.up(env={"NEXT": "1"})
        finally:
            router.start()
        run.explains("router at ", "admin.sock: does not answer", "then docker start")
        eventually(served.serves)
        served.up_or_fail(env={})


def test_an_existing_router_without_its_socket(stack: Stack) -> None:
    """Site names an HAProxy that is not there: where its socket should be, and nothing is left."""
    nowhere = stack.folder / "nowhere.sock"
    stack.site["router"] = {"socket": str(nowhere), "config": str(stack.folder / "web.cfg")}
    stack.up().explains(f"router at {nowhere}: does not answer", "then docker start")


def test_a_port_that_a_stranger_listens_on(stack: Stack) -> None:
    """HAProxy would share the port without a word; we refuse, and the stranger keeps answering."""
    with web_server(stack.port) as theirs:
        stack.up().explains(f"port {stack.port} is in use on this machine", "ss -ltnp")
        assert theirs.poll() is None
        assert stack.destroy().code == 0


def ask(stack: Stack, request_: Request) -> Run:
    """`up` with the request's changes, and the stack as it was before."""
    before = (stack.spec, stack.site, stack.target, stack.variables)
    stack.site = {**stack.site, **request_.site}
    stack.target, stack.variables = request_.target, request_.variables
    try:
        return stack.up(**request_.spec)
    finally:
        stack.spec, stack.site, stack.target, stack.variables = before
        stack.write()


@contextlib.contextmanager
def untouched(stack: Stack) -> Iterator[None]:
    """The live generation answers as before, from the same processes."""
    live = stack.generation()
    theirs = stack.unchanged(live)
    yield
    assert stack.generation() == live
    assert stack.unchanged(live) == theirs


@contextlib.contextmanager
def web_server(port: int) -> Iterator["subprocess.Popen[bytes]"]:
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: listens(port))
        yield server
    finally:
        server.terminate()
        server.wait()
