"""A site of several Docker daemons: on this machine, over TLS and over SSH."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from lab.certificates import make_certificates
from lab.daemons import Daemon, another_dockerd
from lab.load import Load
from lab.sshd import sshd
from tests.e2e.estate import DOCKER, Stack, eventually, standing

pytestmark = pytest.mark.e2e
HERE = {"name": "here", "url": DOCKER}


@pytest.fixture(scope="module")
def over_tls() -> Iterator[Daemon]:
    """A daemon that listens on loopback, under mutual TLS."""
    with another_dockerd(tls=True) as daemon:
        yield daemon


def test_instances_are_spread_evenly_and_a_rollout_loses_nothing(
    stack: Stack, over_tls: Daemon
) -> None:
    """Three instances, two daemons: 2 and 1, a provider each, and 0 failed when all are replaced."""
    stack.site["daemons"] = [HERE, tls_site(over_tls)]
    stack.up_or_fail(replicas=3)
    assert placed(stack, DOCKER, f"unix://{over_tls.socket}") == [2, 1]
    assert len(stack.servers()) == 3
    kinds = [each["type"] for each in stack.resources()]
    assert kinds.count("pulumi:providers:docker") == 2 + 1  # the router's own
    with Load(stack.url, rate=20) as load:
        stack.up_or_fail(env={"NEXT": "1"})
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report
    assert len(report.by_generation) == 2
    assert placed(stack, DOCKER, f"unix://{over_tls.socket}") == [2, 1]
    assert stack.destroy().code == 0
    assert placed(stack, DOCKER, f"unix://{over_tls.socket}") == [0, 0]


@pytest.fixture
def ssh_folder() -> Iterator[None]:
    """A machine may be without it, and is without it afterwards."""
    folder = Path("~/.ssh").expanduser()
    was_there = folder.exists()
    yield
    if not was_there:
        folder.rmdir()


@pytest.mark.usefixtures("ssh_folder")
def test_three_daemons_one_of_them_over_ssh(stack: Stack, over_tls: Daemon) -> None:
    """One instance each, two ways to reach them: by their own addresses and by published ports."""
    with another_dockerd() as third, sshd({"DOCKER_HOST": third.url}) as server:
        stack.variables["PATH"] = f"{server.programs}:{stack.environment()['PATH']}"
        stack.site["daemons"] = [
            HERE,
            tls_site(over_tls),
            {"name": "far", "url": server.url},
        ]
        urls = [DOCKER, f"unix://{over_tls.socket}", third.url]
        stack.up_or_fail(replicas=3)
        assert placed(stack, *urls) == [1, 1, 1]
        with Load(stack.url, rate=20) as load:
            stack.up_or_fail(env={"NEXT": "1"})
        report = load.report()
        assert (report.failed, report.truncated) == (0, 0), report
        assert len(report.by_generation) == 2
        assert stack.destroy().code == 0
        assert placed(stack, *urls) == [0, 0, 0]


@pytest.mark.usefixtures("ssh_folder")
def test_what_ssh_has_to_say_is_told(stack: Stack) -> None:
    """Nobody listens there: not a broken pipe, but the reason, and what to try."""
    stack.site["daemons"] = [{"name": "far", "url": "ssh://ops@127.0.0.1:1"}]
    stack.up().explains("Docker at ssh://ops@127.0.0.1:1 does not answer", "Connection refused")


def test_a_daemon_that_is_down_is_named_and_the_others_are_left_alone(
    stack: Stack, over_tls: Daemon
) -> None:
    """The update is refused, what runs elsewhere serves on; when it is back, the update goes through."""
    stack.site["daemons"] = [HERE, tls_site(over_tls)]
    stack.up_or_fail()
    live, here = stack.generation(), stack.unchanged()
    over_tls.stop()
    try:
        stack.up(env={"NEXT": "1"}).explains(
            f"Docker at {over_tls.url} does not answer", f"--host {over_tls.url} info"
        )
        eventually(stack.serves)
        assert (stack.generation(), stack.unchanged()) == (live, here)
    finally:
        over_tls.start()
    stack.up_or_fail()
    assert stack.generation() != live
    assert placed(stack, DOCKER, f"unix://{over_tls.socket}") == [1, 1]


def test_an_instance_that_crashes_behind_a_published_port_is_found_again(
    stack: Stack, over_tls: Daemon
) -> None:
    """Docker starts it again, and the router reaches it where it was."""
    stack.site["daemons"] = [tls_site(over_tls)]
    stack.up_or_fail(replicas=1)
    live = stack.generation()
    [container] = instances(stack, f"unix://{over_tls.socket}")
    os.kill(container.attrs["State"]["Pid"], 9)
    eventually(lambda: not stack.serves())
    eventually(stack.serves, 10)
    assert stack.generation() == live


def test_a_server_that_another_authority_vouches_for_is_not_trusted(
    tmp_path: Path, over_tls: Daemon
) -> None:
    """Somebody in between would have root on the machine: the daemon is named, and nothing is sent to it."""
    other = make_certificates(tmp_path / "other")
    folder = shutil.copytree(tls_site(over_tls)["certificates"], tmp_path / "client")
    shutil.copy(other.client / "ca.pem", folder / "ca.pem")
    with standing(tmp_path / "stack") as stack:
        stack.site["daemons"] = [{**tls_site(over_tls), "certificates": str(folder)}]
        stack.up().explains(
            f"Docker at {over_tls.url} does not answer", "certificate verify failed"
        )
        assert placed(stack, f"unix://{over_tls.socket}") == [0]


def tls_site(daemon: Daemon) -> dict[str, Any]:
    assert daemon.certificates
    certificates = str(daemon.certificates.client)
    return {"name": "rack", "url": daemon.url, "certificates": certificates}


def placed(stack: Stack, *urls: str) -> list[int]:
    """How many instances each daemon has."""
    return [len(instances(stack, url)) for url in urls]


def instances(stack: Stack, url: str) -> list[Any]:
    client = docker.DockerClient(base_url=url, version="auto")
    try:
        wanted: dict[str, Any] = {"label": [f"rehouse.stack={stack.name}", "rehouse.instance"]}
        return list(client.containers.list(all=True, filters=wanted))
    finally:
        client.close()
