"""What stood before an update and failed in a gate that was made for it, is what a killed update had left."""

from typing import Any

from rehouse.cli.outcome import Outcome
from rehouse.cli.process import Ended
from rehouse.cli.state.unproven import unproven

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


def test_what_stood_and_needed_a_gate_is_unproven() -> None:
    """All of its generation that this update did not make; neither the other generation nor the router."""
    raised = event("resourcePreEvent", "create", CONTAINER, "web-1111111-2")
    others = (stood("web-2222222-0"), event("resourcePreEvent", "same", "x:Network", "web-1111111"))
    found = unproven(outcome(*HALF, raised, *others, failed("web-1111111-gate")))
    assert [urn.rpartition("::")[2] for urn in found] == ["web-1111111-0", "web-1111111-1"]


def test_what_was_proven_before_is_left_alone() -> None:
    """A gate that is only asked again has let these pass: they may have traffic."""
    assert unproven(outcome(*HALF, failed("web-1111111-gate", "update"))) == []
    assert unproven(outcome(*HALF, failed("web-2222222-gate"))) == []


def test_an_update_that_ended_for_another_reason_says_nothing_of_its_instances() -> None:
    """It went well, was interrupted, or had no time left: then its gates tell nothing."""
    gate = failed("web-1111111-gate")
    assert unproven(outcome(*HALF, gate, code=0)) == []
    assert unproven(outcome(*HALF, gate, interrupted=2)) == []
    assert unproven(outcome(*HALF, gate, late=True)) == []
