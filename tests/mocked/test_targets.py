"""What every kind of house promises: a new target has to pass the same."""

# ruff: noqa: SIM300

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from rehouse.components.targets import TARGETS
from tests.mocked.engine import Run, update
from tests.mocked.programs import FULL, RACKS, SECRET, on, service
from tests.unit.makers import spec

# What an instance is in each target. A new target: one line here.
INSTANCES = {"container": "container:Container"}

Promise = Callable[[Run, str], bool]


def of_the_service(run: Run, target: str) -> list[Any]:
    return [each for each in run.of(INSTANCES[target]) if each.name != "web-router"]


def instances_are_named(run: Run, target: str) -> bool:
    """One instance a replica, called like its generation and its number."""
    live = run.outputs["web"]
    names = sorted(each.name for each in of_the_service(run, target))
    return names == [f"{live}-{number}" for number in range(FULL.replicas)]


def names_are_pulumis(run: Run, target: str) -> bool:
    """No physical name is given, so that old and new can stand side by side."""
    return not any("name" in each.inputs for each in of_the_service(run, target))


def nothing_is_changed_in_place(run: Run, target: str) -> bool:
    """However an instance is declared, an update leaves it as it is."""
    return all(each.options["ignoreChanges"] == ["*"] for each in of_the_service(run, target))


def children_of_the_service(run: Run, target: str) -> bool:
    """Everything hangs below the one component that the user wrote."""
    return all("Service::web" in each.options["parent"] for each in of_the_service(run, target))


def the_gate_waits_for_all(run: Run, target: str) -> bool:
    """The gate comes after every instance, and knows each with its address and port."""
    (gate,) = run.of("rehouse:Gate")
    candidates = json.loads(gate.inputs["trial"])["candidates"]
    return [each["name"] for each in candidates] == [
        each.name for each in sorted(of_the_service(run, target), key=lambda each: each.name)
    ] and all(each["address"] and each["port"] for each in candidates)


def the_traffic_waits_for_the_gate(run: Run, target: str) -> bool:
    """Who is not proven gets no traffic."""
    (traffic,), (gate,) = run.of("rehouse:Traffic"), run.of("rehouse:Gate")
    return any(each.endswith(f"::{gate.name}") for each in traffic.depends_on)


def every_instance_has_a_server(run: Run, target: str) -> bool:
    """The router knows each instance by name and address, with the same weight."""
    (traffic,) = run.of("rehouse:Traffic")
    servers = json.loads(traffic.inputs["plan"])["servers"]
    named = {each["name"].split("_")[0] for each in servers}
    return {each["weight"] for each in servers} == {100} and named == {
        each.name for each in of_the_service(run, target)
    }


def no_secret_is_in_clear(run: Run, target: str) -> bool:
    """A secret's value stands only in inputs and outputs that Pulumi encrypts."""
    clear = [
        value
        for each in run.declared
        for key, value in each.inputs.items()
        if key not in each.secrets
    ]
    public = [value for name, value in run.outputs.items() if name not in run.secrets]
    return SECRET not in json.dumps([clear, public])


PROMISES = [
    instances_are_named,
    names_are_pulumis,
    nothing_is_changed_in_place,
    children_of_the_service,
    the_gate_waits_for_all,
    the_traffic_waits_for_the_gate,
    every_instance_has_a_server,
    no_secret_is_in_clear,
]

targets = pytest.mark.parametrize("target", TARGETS)


def test_every_target_is_held_to_its_promises():
    """A target that is not in the table would promise nothing."""
    assert set(TARGETS) == set(INSTANCES), "add the new target to INSTANCES"


@targets
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_a_target_keeps_its_promise(target: str, promise: Promise):
    """Each promise holds for a spec that uses every key."""
    assert promise(update(service(FULL, target=target)), target), promise.__doc__


@targets
def test_a_promise_can_be_broken(target: str):
    """The table is no decoration: a run without anything in it breaks promises."""
    run = update(service(FULL, target=target))
    run.declared = [each for each in run.declared if each not in of_the_service(run, target)]
    assert not instances_are_named(run, target)
    assert not the_gate_waits_for_all(run, target)
    assert not every_instance_has_a_server(run, target)


@targets
def test_instances_are_spread_evenly_over_the_machines(target: str):
    """Seven instances on three machines: 3, 2 and 2, each by its machine's own provider."""
    run = update(service(spec(replicas=7), target=target, site=on(*RACKS)))
    providers = Counter(each.provider for each in of_the_service(run, target))
    assert [3, 2, 2] == [count for _, count in providers.most_common()]


@targets
def test_no_more_machines_are_used_than_there_are_instances(target: str):
    """Two instances need nothing on the third machine."""
    run = update(service(spec(replicas=2), target=target, site=on(*RACKS)))
    assert 2 == len({each.provider for each in of_the_service(run, target)})
    assert not [each for each in run.declared if each.name.startswith("web-c-")]


@targets
def test_an_unchanged_spec_declares_the_same(target: str):
    """The second update has nothing to do, and the ledger is what it was."""
    first = update(service(FULL, target=target))
    second = update(service(FULL, target=target), first)
    assert declared(first) == declared(second)
    assert first.outputs == second.outputs


@targets
def test_a_replacement_declares_the_new_generation_only(target: str):
    """What is not declared any more is what the engine deletes, last."""
    first = update(service(target=target))
    second = update(service(spec(env={"A": "b"}), target=target), first)
    old, new = first.outputs["web"], second.outputs["web"]
    assert old != new
    assert [f"{new}-0", f"{new}-1"] == sorted(each.name for each in of_the_service(second, target))
    assert not [each for each in second.declared if old in each.name]


@targets
def test_a_replacement_keeps_router_and_providers(target: str):
    """Only what belongs to a generation gets new names."""
    first = update(service(target=target))
    second = update(service(spec(env={"A": "b"}), target=target), first)
    assert stable(first) == stable(second)


def declared(run: Run) -> list[Any]:
    return sorted((each.type, each.name, json.dumps(each.inputs)) for each in run.declared)


def stable(run: Run) -> list[str]:
    return sorted(each.name for each in run.declared if run.outputs["web"] not in each.name)
