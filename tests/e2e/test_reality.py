"""What operators do by hand behind our back is found, told, and mended without a lost request."""

import contextlib
import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest

from lab.load import Load
from rehouse.components.haproxy import Haproxy
from tests.e2e.estate import Stack, docker_client, eventually

pytestmark = pytest.mark.e2e


def test_without_drift_it_says_so(stack: Stack) -> None:
    """Nothing on stdout, exit status 0, also with --exit-code and in a stack that has nothing yet."""
    assert stack.rehouse_json("drift")["drift"] == []
    stack.up_or_fail()
    ended = stack.rehouse("drift", "--exit-code")
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert "no drift" in ended.stderr


def test_what_was_done_to_instances_is_told_and_left(stack: Stack) -> None:
    """One removed, one stopped, one paused, one with other limits: a row each, with a way out; nothing is touched."""
    stack.up_or_fail(replicas=4)
    gone, stopped, paused, changed = instances(stack)
    gone.remove(force=True)
    stopped.stop(timeout=1)
    paused.pause()
    changed.update(mem_limit="512m", memswap_limit="512m", restart_policy={"Name": "no"})
    before = stack.unchanged()
    found = drift(stack)
    assert found.pop(name(gone)) == [("gone", "is gone: somebody removed the container")]
    [(kind, what)] = found.pop(name(stopped))
    assert (kind, what.startswith("is stopped, with status ")) == ("stopped", True)
    assert found.pop(name(paused)) == [("stopped", "is paused")]
    assert found.pop(name(changed)) == [
        ("changed", "was changed by hand: memory is 536870912, declared is 268435456"),
        ("changed", "was changed by hand: memory with swap is 536870912, declared is 268435456"),
        ("changed", "was changed by hand: restart policy is no, declared is unless-stopped"),
    ]
    assert set(found) <= {each.name for each in stack.servers()}
    assert stack.rehouse("drift", "--exit-code").returncode == 3
    assert stack.unchanged() == before
    paused.unpause()


def test_what_was_done_to_the_router_is_told(stack: Stack) -> None:
    """A server removed, one kept back, one weighted, and one that is not ours; `pulumi up` mends it."""
    stack.up_or_fail(replicas=3)
    removed, kept, weighted = sorted(each.name for each in stack.servers())
    haproxy, backend = (
        Haproxy(stack.router_folder / "admin.sock", None),
        f"web.test.{stack.project}",
    )
    haproxy.cut(backend, removed)
    eventually(lambda: haproxy.delete(backend, removed))
    haproxy._say(f"set server {backend}/{kept} state maint")
    haproxy._say(f"set server {backend}/{weighted} weight 7")
    haproxy._say(f"add server {backend}/theirs 127.0.0.1:9", "New server registered.")
    assert drift(stack) == {
        removed: [("server", "is missing")],
        kept: [("server", "is in MAINT")],
        weighted: [("server", "has weight 7, and should have 100")],
        "theirs": [("server", "is none of the ledger's")],
    }
    assert stack.up_or_fail().changes() == {"updated": 1}
    assert drift(stack) == {}
    assert stack.up_or_fail().changes() == {}


def test_a_stranger_in_our_network_is_told_and_left_alone(stack: Stack) -> None:
    """Also when a stopped container of ours is raised again beside it."""
    stack.up_or_fail(replicas=1)
    [network] = stack.networks()
    with guest(network.name) as theirs:
        assert drift(stack) == {
            theirs.name: [("stranger", f"is no instance, and runs in network {network.name}")]
        }
        [ours] = instances(stack)
        ours.stop(timeout=1)
        before = state_of(theirs)
        assert stack.rehouse("repair").returncode == 0
        assert stack.rehouse_json("orphans")["orphans"] == []
        assert state_of(theirs) == before


def test_repair_raises_what_is_missing_and_loses_nothing(stack: Stack) -> None:
    """One removed, one stopped: both come back through the gate, under load; the third is not touched."""
    stack.up_or_fail(replicas=3)
    live = stack.generation()
    gone, stopped, left = instances(stack)
    ledger = stack.ledger()
    stopped.stop(timeout=1)
    gone.remove(force=True)
    eventually(lambda: sum(each.up for each in stack.servers()) == 1)
    before = {key: value for key, value in stack.unchanged().items() if key == left.id}
    with Load(stack.url, rate=20) as load:
        began = time.monotonic()
        done = stack.rehouse_json("repair")
        print(f"repair: {time.monotonic() - began:.1f} s")
    report = load.report()
    print(report)
    assert (report.failed, report.truncated) == (0, 0), report
    assert (done["raised"], set(report.by_generation)) == ([name(gone), name(stopped)], {live})
    after = stack.unchanged()
    assert {key: after[key] for key in before} == before
    assert (len(after), stack.ledger()) == (3, ledger)
    assert len({each.name for each in stack.servers() if each.serves and each.up}) == 3
    assert drift(stack) == {}
    assert stack.up_or_fail().changes() == {}
    assert stack.rehouse_json("repair") | {"raised": [], "mended": []} == stack.rehouse_json(
        "repair"
    )


def drift(stack: Stack) -> dict[str, list[tuple[str, str]]]:
    """Place to findings; each says what to type."""
    found: dict[str, list[tuple[str, str]]] = {}
    for each in stack.rehouse_json("drift")["drift"]:
        assert each["fix"]
        place = each["place"].partition(": ")[2]
        found.setdefault(place, []).append((each["kind"], each["what"]))
    return found


def instances(stack: Stack) -> list[Any]:
    return sorted(stack.containers(), key=name)


def name(container: Any) -> str:
    return str(container.labels["rehouse.instance"])


def state_of(container: Any) -> Any:
    container.reload()
    return container.attrs["State"]


@contextlib.contextmanager
def guest(network: str) -> Iterator[Any]:
    """Somebody else's container in a network of ours."""
    with docker_client() as client:
        made = client.containers.run(
            "127.0.0.1:5000/example:1",
            detach=True,
            network=network,
            name=f"stranger-{secrets.token_hex(4)}",
        )
        try:
            yield made
        finally:
            made.remove(force=True)
