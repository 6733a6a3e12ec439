"""The client is killed in the middle of an update: users notice nothing, and the next update cleans up."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from lab.load import Load
from tests.e2e.estate import Stack, eventually, kill_session

pytestmark = pytest.mark.e2e


def new_container_exists(stack: Stack, live: str) -> bool:
    """In the middle of creation: Docker has it, the state does not."""
    return bool(stack.generations() - {live})


def gate_is_held(stack: Stack, _live: str) -> bool:
    return any(name.endswith("-gate") for name in stack.pending())


def router_knows_new_servers(stack: Stack, live: str) -> bool:
    """In the middle of the shift: they are checked, and have no traffic."""
    return bool(generations_in_router(stack) - {live})


def traffic_has_moved(stack: Stack, live: str) -> bool:
    """At the end of the shift: the old servers drain, and the state says that nothing was shifted."""
    return live not in stack.router_file.read_text()


@dataclasses.dataclass(frozen=True)
class Kill:
    """When, and whether the next update finishes what was begun or goes back."""

    moment: Callable[[Stack, str], bool]
    finish: bool
    env: dict[str, str] = dataclasses.field(default_factory=lambda: {"NEXT": "1"})


SLOW = {"START_DELAY": "2000"}
KILLS = {
    "creating-finish": Kill(new_container_exists, True),
    "creating-undo": Kill(new_container_exists, False),
    "gate-finish": Kill(gate_is_held, True, SLOW),
    "shift-undo": Kill(router_knows_new_servers, False),
    "shifted-undo": Kill(traffic_has_moved, False),
    "shifted-finish": Kill(traffic_has_moved, True),
}


@pytest.mark.parametrize("kill", KILLS.values(), ids=KILLS.keys())
def test_a_killed_update_loses_nothing_and_the_next_one_ends_it(stack: Stack, kill: Kill) -> None:
    """0 failed from before the kill until after the next update; then one generation stands, alone.

    What the engine was creating when it died is not in the state: only its label tells whose it is.
    """
    stack.up_or_fail()
    live = stack.generation()
    with Load(stack.url, rate=20) as load:
        kill_at(stack, kill, live)
        assert stack.pulumi("cancel", "--yes").code == 0
        stack.up_or_fail(env=kill.env if kill.finish else {})
        after = stack.generation()
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report
    assert len(report.by_generation) <= 2
    assert (after != live) == kill.finish
    assert generations_in_router(stack) == {after}
    orphans = outside_the_state(stack)
    assert orphans == [] or kill.moment is new_container_exists
    for each in orphans:
        each.remove(force=True)
    assert stack.generations() == {after}
    assert (len(stack.containers()), len(stack.networks())) == (2, 1)
    assert stack.up_or_fail().changes() == {}


def kill_at(stack: Stack, kill: Kill, live: str) -> None:
    """The engine, its providers and the program, at once, as when a machine dies."""
    stack.write(env=kill.env)
    process = stack.start("up", "--yes", "--skip-preview")
    try:
        eventually(lambda: kill.moment(stack, live), every=0.005)
        assert process.poll() is None, "it had ended before"
    finally:
        kill_session(process)


def generations_in_router(stack: Stack) -> set[str]:
    return {each.name.rpartition("_")[0].rpartition("-")[0] for each in stack.servers()}


def outside_the_state(stack: Stack) -> list[Any]:
    """Containers of this stack that the engine does not know."""
    known = {each.get("id") for each in stack.resources()}
    return [each for each in stack.containers() if each.id not in known]
