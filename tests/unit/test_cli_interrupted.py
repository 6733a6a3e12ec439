"""What a cut off update has left is told as the state has it, and a living holder is left alone."""

# ruff: noqa: SIM300

import os
import socket
from datetime import UTC, datetime
from pathlib import Path

from rehouse.cli.reality.drift import of_update
from rehouse.cli.rollout.interrupted import Interruption, interruption_of
from rehouse.cli.rollout.undo import FINISH
from rehouse.cli.rollout.updates import STAYS
from rehouse.cli.state.locks import Lock
from rehouse.cli.state.store import Folder
from rehouse.components.front import Doors, Server, Shift, front_of
from rehouse.components.ledger import Ledger
from rehouse.components.spec import Rollout
from tests.unit.engines import killed
from tests.unit.makers import generation, spec

OLD, NEW = generation(1), generation(2)
LEDGER = Ledger().deployed(OLD, "me@here", "2026-01-01T00:00:00+00:00")
TRAFFIC = "pulumi-python:dynamic/rehouse:Traffic"
GATE = "pulumi-python:dynamic/rehouse:Gate"


def named(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "urn": f"urn:pulumi:test::shop::{kind}::{name}"}


def pending(operation: str, kind: str, name: str) -> dict[str, object]:
    return {"type": operation, "resource": named(kind, name)}


def lock(pid: int) -> Lock:
    return Lock(Folder(Path()), "lock.json", "me", socket.gethostname(), pid, datetime.now(UTC))


STANDS = [named(GATE, f"{OLD.name}-gate"), named(GATE, "web-router-traffic")]


def test_a_state_at_rest_has_nothing_to_tell():
    """What the ledger lets stand, the router, and things of other services are no interruption."""
    others = [*STANDS, named(GATE, "web-api-1234567-gate"), named(GATE, "api-1234567-gate")]
    assert interruption_of("web", LEDGER, {"resources": others}, []) is None


def test_what_was_being_made_is_told_with_its_step():
    """Pending operations say where it was; a generation of which the ledger knows nothing is left over."""
    deployment = {
        "resources": [*STANDS, named("x", f"{NEW.name}-local")],
        "pending_operations": [pending("creating", GATE, f"{NEW.name}-gate")],
    }
    found = interruption_of("web", LEDGER, deployment, [])
    assert Interruption("prove", (f"{NEW.name}-gate",), (NEW.name,), None, (), FINISH) == found


def test_what_was_being_deleted_is_retired():
    """A deletion is the step retire, whatever it deletes."""
    deployment = {"pending_operations": [pending("deleting", GATE, f"{OLD.name}-gate")]}
    found = interruption_of("web", LEDGER, deployment, [])
    assert found is not None
    assert "retire" == found.step


def test_between_two_operations_the_ledger_says_on_which_side():
    """A generation that is retired already was being taken away; another one was being raised."""
    later = LEDGER.deployed(NEW, "me@here", "2026-01-01T00:00:00+00:00")
    raised = [named("x", f"{OLD.name}-0"), named("x", f"{NEW.name}-0")]
    proven = [*raised, named(GATE, f"{NEW.name}-gate")]
    sides = [(LEDGER, raised), (LEDGER, proven), (later, proven)]
    found = [interruption_of("web", ledger, {"resources": all_}, []) for ledger, all_ in sides]
    assert [("raise", (NEW.name,)), ("shift", (NEW.name,)), ("retire", (OLD.name,))] == [
        (each.step, each.left) for each in found if each
    ]


def test_who_has_the_traffic_is_told_by_what_was_shifted_last():
    """The ledger is written when all is over; nobody knows while it is being shifted."""
    deleting = pending("deleting", "docker:index/container:Container", f"{OLD.name}-0")
    shifting = pending("updating", TRAFFIC, "web-router-traffic")
    servers = [
        Server(name=f"{each.name}-0_10.0.0.1:8080", address="10.0.0.1:8080", weight=weight)
        for each, weight in ((OLD, 0), (NEW, 100))
    ]
    doors = Doors(admin="admin.sock", master=None, config="haproxy.cfg")
    front = front_of(spec(), "web", "*")
    plan = Shift.model_validate(
        {"doors": doors, "front": front, "servers": tuple(servers), "drain": "1s"}
    )
    shifted = {**named(TRAFFIC, "web-router-traffic"), "outputs": {"plan": plan.model_dump_json()}}
    found = [
        interruption_of("web", LEDGER, {"resources": [shifted], "pending_operations": [each]}, [])
        for each in (deleting, shifting)
    ]
    assert [(NEW.name,), ()] == [each.traffic for each in found if each]
    assert f"{NEW.name} has the traffic" in str(found[0])
    assert ["interrupted"] == [each.kind for each in of_update(found[0])]
    assert [] == of_update(None)


def test_the_lock_of_a_dead_process_is_told_and_a_living_one_is_at_work():
    """Whatever is pending, a holder who lives may be working on it; both together are at work as well."""
    dead, living = lock(killed()), lock(os.getpid())
    found = interruption_of("web", LEDGER, {"resources": STANDS}, [dead])
    assert found is not None
    assert (None, str(dead)) == (found.step, found.lock)
    deployment = {"pending_operations": [pending("creating", GATE, "g")]}
    assert interruption_of("web", LEDGER, deployment, [dead, living]) is None


def test_a_rollout_in_progress_is_resumed_or_aborted():
    """Which of the two is up to a person; and where the backend shows no locks, so is whether it is cut off."""
    begun = LEDGER.begun(NEW, Rollout(strategy="canary"), "me@here", "2026-01-01T00:00:00+00:00")
    deployment = {"pending_operations": [pending("updating", "rehouse:Traffic", "t")]}
    found = interruption_of("web", begun, deployment, None)
    assert found is not None
    assert f"if no command is at work elsewhere: {STAYS}" == found.fix
    assert (
        "an update was cut off at shift (t); the traffic may have moved\nfix: if no command is at work elsewhere: "
        + STAYS
        == str(found)
    )
