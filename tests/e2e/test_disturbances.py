"""What a disturbance costs requests, and that the service is whole again. ``pytest -s`` shows the figures.

docs/reality.md has them, of a quiet machine.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest

from lab.daemons import Daemon, another_dockerd
from lab.load import Load
from lab.load_report import Report
from tests.e2e.estate import DOCKER, Stack, containers_labelled, eventually

pytestmark = pytest.mark.e2e
CALM = 3  # seconds
RATE = 20  # requests a second of each of 9 clients
BY_ITSELF: dict[str, Callable[[Any, Any], None]] = {
    "process of an instance killed": lambda one, _router: os.kill(pid(one), 9),
    "HAProxy restarted": lambda _one, router: router.restart(),
    "HAProxy killed": lambda _one, router: os.kill(pid(router), 9),
}
BY_REPAIR: dict[str, Callable[[Any], None]] = {
    "docker kill of an instance": lambda one: one.kill(),
    "docker stop of an instance": lambda one: one.stop(),
    "docker rm --force of an instance": lambda one: one.remove(force=True),
}


@pytest.mark.parametrize(("what", "disturb"), BY_ITSELF.items(), ids=BY_ITSELF.keys())
def test_docker_mends_it(stack: Stack, what: str, disturb: Callable[[Any, Any], None]) -> None:
    """Nobody does anything, and all serves as before: same generation, no drift."""
    stack.up_or_fail()
    with standing_on(stack, DOCKER) as (instances, router):
        began = starts(instances, router)
        with disturbed(stack, what):
            disturb(instances[0], router)
            eventually(lambda: starts(instances, router) != began)
            eventually(lambda: is_whole(stack), 60)
    assert stack.rehouse_json("drift")["drift"] == []


@pytest.mark.parametrize(("what", "disturb"), BY_REPAIR.items(), ids=BY_REPAIR.keys())
def test_the_other_instance_serves_until_repair(
    stack: Stack, what: str, disturb: Callable[[Any], None]
) -> None:
    """Docker takes it for what somebody wanted; drift tells of it, repair mends it, and from there nothing fails."""
    stack.up_or_fail()
    with standing_on(stack, DOCKER) as (instances, _router), disturbed(stack, what):
        disturb(instances[0])
        eventually(lambda: len(up(stack)) == 1)
    [found] = stack.rehouse_json("drift")["drift"]
    assert found["fix"] == "rehouse repair"
    with disturbed(stack, f"{what}: repair") as load:
        assert stack.rehouse("repair").returncode == 0
    assert load.report().failed == 0, load.report()
    assert is_whole(stack)


@pytest.mark.parametrize("live_restore", [False, True], ids=["stopped", "live-restore"])
def test_docker_is_restarted(stack: Stack, live_restore: bool) -> None:
    """Instances and router go with it and come back; with live-restore they go on, and no request is lost."""
    with another_dockerd(live_restore=live_restore) as daemon:
        live_on(stack, daemon)
        stack.up_or_fail()
        try:
            with disturbed(stack, f"Docker restarted, live-restore {live_restore}") as load:
                daemon.restart()
                eventually(lambda: is_whole(stack), 60)
            assert live_restore == (load.report().failed == 0), load.report()
            assert stack.rehouse_json("drift")["drift"] == []
        finally:
            assert stack.destroy().code == 0


def live_on(stack: Stack, daemon: Daemon) -> None:
    """All of it, the router as well."""
    stack.site["daemons"] = [{"name": "own", "url": daemon.url}]
    stack.site["router"]["daemon"] = {"name": "own", "url": daemon.url}


@contextlib.contextmanager
def disturbed(stack: Stack, what: str) -> Iterator[Load]:
    """Load from a while before until a while after: what follows from it counts as well."""
    with Load(stack.url, rate=RATE) as load:
        time.sleep(CALM)
        yield load
        time.sleep(CALM)
    told(what, load.report())


@contextlib.contextmanager
def standing_on(stack: Stack, url: str) -> Iterator[tuple[list[Any], Any]]:
    """Its instances and its router there."""
    with contextlib.closing(docker.DockerClient(base_url=url, version="auto")) as client:
        label = f"rehouse.stack={stack.name}"
        [router] = containers_labelled(client, label, "rehouse.router")
        yield containers_labelled(client, label, "rehouse.instance"), router


def starts(instances: list[Any], router: Any) -> list[str]:
    """When each was started last."""
    for each in (*instances, router):
        each.reload()
    return [str(each.attrs["State"]["StartedAt"]) for each in (*instances, router)]


def pid(container: Any) -> int:
    return int(container.attrs["State"]["Pid"])


def is_whole(stack: Stack) -> bool:
    return len(up(stack)) == 2 and stack.serves()


def up(stack: Stack) -> list[str]:
    return [each.name for each in stack.servers() if each.up and each.serves]


def told(what: str, report: Report) -> None:
    """A row for docs/reality.md."""
    since, until = report.failing or (0, 0)
    span = f"within {until - since:.2f} s" if report.failed else ""
    cut = f"{report.truncated} of them cut off" if report.truncated else ""
    print(f"\n{what}: {report.failed} of {report.sent} failed {span} {cut}".rstrip())
