"""What stood before an update and failed in a gate that was made for it, is what a killed update had left."""

from typing import Any

from rehouse.cli.outcome import Outcome
from rehouse.cli.process import Ended
from rehouse.cli.state.unproven import suspects, unproven

CONTAINER = "docker:index/container:Container"
GATE = "pulumi-python:dynamic/rehouse:Gate"


def event(kind: str, op: str, type_: str, name: str) -> dict[str, Any]:
    """As the engine tells of one resource."""
    return {
        kind: {"metadata": {"op": op, "type": type_, "urn": f"urn:pulumi:s::p::{type_}::{name}"}}
    }


def outcome(*events: dict[str, Any], code: int = 255, **ended: Any) -> Outcome:
    return Outcome(Ended("", "", code, **ended), list(events), [])


def stood(name: str) -> dict[str, Any]:
    return event("resourcePreEvent", "same", CONTAINER, name)


def failed(name: str, op: str = "create") -> dict[str, Any]:
    return event("resOpFailedEvent", op, GATE, name)


HALF = (stood("web-1111111-0"), stood("web-1111111-1"))


def test_what_stood_in_part_and_failed_is_suspect() -> None:
    """Whether it is its gate or an instance that had to be made; nothing of it stood where it is new."""
    network = event("resourcePreEvent", "same", "x:Network", "web-1111111-local")
    instance = event("resOpFailedEvent", "create", CONTAINER, "web-1111111-0")
    assert {"web-1111111"} == suspects(outcome(*HALF, failed("web-1111111-gate")))
    assert {"web-1111111"} == suspects(outcome(network, instance))
    assert set() == suspects(outcome(instance))
    assert set() == suspects(outcome(*HALF, failed("web-2222222-gate")))
    assert set() == suspects(outcome(*HALF, failed("web-1111111-gate", "update")))


def test_an_update_that_ended_for_another_reason_says_nothing_of_its_instances() -> None:
    """It went well, was interrupted, or had no time left: then its gates tell nothing."""
    gate = failed("web-1111111-gate")
    assert set() == suspects(outcome(*HALF, gate, code=0))
    assert set() == suspects(outcome(*HALF, gate, interrupted=2))
    assert set() == suspects(outcome(*HALF, gate, late=True))


def test_all_of_it_is_unproven_where_the_state_has_no_gate_of_it() -> None:
    """Neither another generation nor a provider; and one that has its gate may have traffic."""
    names = ["web-1111111-0", "web-1111111-local", "web-2222222-0", "web-router"]
    there = [{"type": "x", "urn": f"urn:pulumi:s::p::x::{name}"} for name in names]
    provider = {"type": "pulumi:providers:docker", "urn": "urn:pulumi:s::p::x::web-1111111-x"}
    gate = {"type": GATE, "urn": "urn:pulumi:s::p::x::web-1111111-gate"}
    found = unproven({"web-1111111"}, [*there, provider])
    assert [urn.rpartition("::")[2] for urn in found] == ["web-1111111-0", "web-1111111-local"]
    assert unproven({"web-1111111"}, [*there, gate]) == []
    assert unproven(set(), there) == []
