"""What is ours and nobody knows of is found and removed; what is known, or somebody else's, is not."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.errors import NotFound

from rehouse.components.haproxy import Haproxy
from tests.e2e.estate import REGISTRY, Stack, docker_client, eventually, kill_session

pytestmark = pytest.mark.e2e
YES = ("orphans", "--remove", "--yes")


def test_what_the_state_does_not_know_is_found_and_removed(stack: Stack) -> None:
    """One of each kind: listed, kept without a person's yes, then gone; another stack's container stays."""
    stack.up_or_fail()
    before = stack.unchanged()
    assert found(stack) == set()
    with left_behind(stack) as left, container({"rehouse.stack": "other/test"}) as theirs:
        assert found(stack) == left
        refused = stack.rehouse("orphans", "--remove")
        assert (refused.returncode, "rehouse orphans --remove --yes" in refused.stderr) == (2, True)
        assert found(stack) == left
        ended = stack.rehouse(*YES)
        assert ended.returncode == 0, ended.stderr
        assert found(stack) == set()
        theirs.reload()
    assert stack.unchanged() == before
    assert stack.rehouse_json("drift")["drift"] == []
    assert stack.up_or_fail().changes() == {}
    assert "no orphans" in stack.rehouse(*YES).stderr


def test_what_an_update_is_just_making_is_left_to_it(stack: Stack) -> None:
    """Asked again and again while it runs: nothing is removed, and the update ends well."""
    stack.up_or_fail()
    live = stack.generation()
    stack.write(env={"NEXT": "1", "START_DELAY": "2000"})
    update = stack.start("up", "--yes", "--skip-preview")
    eventually(lambda: stack.generations() - {live}, every=0.005)
    ended = []
    while update.poll() is None:
        ended.append(stack.rehouse(*YES))
    output, _ = update.communicate()
    assert update.returncode == 0, output
    assert {each.returncode for each in ended} <= {0, 12}
    assert "".join(each.stderr for each in ended).count("removed") == 0
    assert stack.generation() != live
    assert len(stack.containers()) == 2
    assert stack.rehouse_json("drift")["drift"] == []


@pytest.mark.parametrize("verb", ["deploy", "destroy"])
def test_what_a_killed_creation_left_goes_with_the_next_update(stack: Stack, verb: str) -> None:
    """A container that Docker made and the state never learned of, while its generation is finished or goes."""
    stack.up_or_fail()
    live = stack.generation()
    left = killed_while_creating(stack, live)
    assert found(stack) == {("container", each) for each in left}
    stack.pulumi("cancel", "--yes")
    ended = stack.rehouse(verb, *(["--yes"] if verb == "destroy" else []))
    assert ended.returncode == 0, ended.stderr
    assert found(stack) == set()
    assert stack.pending() == []
    assert len(stack.containers()) == (2 if verb == "deploy" else 0)


def killed_while_creating(stack: Stack, live: str) -> set[str]:
    """Names of what is left; where the engine was quicker than the kill, another one is tried."""
    for number in range(20):
        stack.write(env={"NEXT": str(number)})
        process = stack.start("up", "--yes", "--skip-preview")
        eventually(lambda: stack.generations() - {live}, every=0.002)
        kill_session(process)
        known = {each.get("id") for each in stack.resources()}
        if left := {each.name for each in stack.containers() if each.id not in known}:
            return left
        stack.pulumi("cancel", "--yes")
        stack.up_or_fail(env={})
    raise AssertionError("no kill came at the right moment")


def found(stack: Stack) -> set[tuple[str, str]]:
    """Kind and name."""
    return {(each["kind"], each["name"]) for each in stack.rehouse_json("orphans")["orphans"]}


@contextlib.contextmanager
def left_behind(stack: Stack) -> Iterator[set[tuple[str, str]]]:
    """One of each kind, as a stack of this name would make it."""
    labels, name = {"rehouse.stack": stack.name}, f"left-{secrets.token_hex(4)}"
    folder = stack.router_folder.with_name(f"{stack.project}.test.old-router")
    with docker_client() as client, container(labels) as made:
        network = client.networks.create(name, labels=labels)
        client.volumes.create(name, labels=labels)
        folder.mkdir()
        haproxy = Haproxy(stack.router_folder / "admin.sock", None)
        haproxy._say(
            f"add server web.test.{stack.project}/{name} 127.0.0.1:9", "New server registered."
        )
        kinds = {
            "network": str(network.name),
            "volume": name,
            "server": name,
            "folder": str(folder),
        }
        yield {*kinds.items(), ("container", str(made.name))}
    assert not Path(folder).exists()


@contextlib.contextmanager
def container(labels: dict[str, str]) -> Iterator[Any]:
    with docker_client() as client:
        client.images.pull(f"{REGISTRY}/example", tag="1")
        made = client.containers.create(f"{REGISTRY}/example:1", labels=labels, network="none")
        try:
            yield made
        finally:
            with contextlib.suppress(NotFound):
                made.remove(force=True)
