"""A service is raised, stays, is replaced, comes back and goes: `pulumi up`, `preview` and `destroy`."""

import json
import re
from pathlib import Path

import pytest

from tests.e2e.estate import Stack, disguises, plain, standing

pytestmark = pytest.mark.e2e
SECRET = "correct horse battery staple"
EDITED = {"env": {"COLOUR": "blue"}}
UNEDITED: dict[str, dict[str, str]] = {"env": {}}
OURS = ("docker:", "pulumi-python:dynamic")


def test_a_new_stack_raises_the_service_and_again_changes_nothing(stack: Stack) -> None:
    """The first update creates only, the service answers; the second says that nothing changed."""
    first = stack.up_or_fail()
    assert set(first.changes()) == {"created"}
    live = stack.generation()
    assert stack.generations() == {live}
    running, ledger = stack.unchanged(), stack.ledger()
    again = stack.up_or_fail()
    assert again.changes() == {}
    assert re.search(r"Resources:\s+\d+ unchanged", plain(again.output))
    assert (stack.generation(), stack.unchanged(), stack.ledger()) == (live, running, ledger)


def test_a_preview_of_a_replacement_touches_no_instance_and_the_update_does_as_it_said(
    stack: Stack,
) -> None:
    """An edit creates new resources, updates the router's Traffic and deletes old ones, nothing else."""
    stack.up_or_fail()
    before, old = stack.generation(), stack.unchanged()
    stack.write(**EDITED)
    planned = [step for step in stack.preview() if step[0] != "same"]
    assert {op for op, _, _ in planned} == {"create", "update", "delete"}
    updated = [(kind, name) for op, kind, name in planned if op == "update"]
    assert updated == [("pulumi-python:dynamic/rehouse:Traffic", "web-router-traffic")]
    shown = plain(stack.pulumi("preview", "--diff").output)
    assert re.findall(r"^\s*(?:~|\+-|-\+|--|\+\+)\s+(\S+:\S+): \(", shown, re.MULTILINE) == [
        "pulumi-python:dynamic/rehouse:Traffic"
    ]
    assert (stack.generation(), stack.unchanged()) == (before, old)
    run = stack.up_or_fail()
    counts = {op: sum(step[0] == op for step in planned) for op in ("create", "update", "delete")}
    assert run.changes() == {f"{op.removesuffix('e')}ed": n for op, n in counts.items()}
    assert stack.generations() == {stack.generation()} != {before}
    assert not set(old) & set(stack.unchanged())


def test_going_back_in_the_file_brings_the_earlier_name_back(stack: Stack) -> None:
    """Same spec, same name; the ledger counts up, has one standing and remembers both."""
    stack.up_or_fail()
    first = stack.generation()
    after_first = stack.ledger()
    stack.up_or_fail(**EDITED)
    second = stack.generation()
    assert second != first
    stack.up_or_fail(**UNEDITED)
    assert stack.generation() == first
    ledger = stack.ledger()
    assert after_first["serial"] < ledger["serial"]
    assert ledger["standing"] == {first: 100}
    outcomes = [(each["generation"]["name"], each["outcome"]) for each in ledger["remembered"]]
    assert outcomes == [(first, "live"), (second, "retired")]


def test_secrets_are_nowhere_in_clear(stack: Stack) -> None:
    """Not in the state on disk, not in what the engine prints, and the ledger is a secret output."""
    stack.encrypt("TOKEN", SECRET)
    shown = stack.up_or_fail(secrets=["TOKEN"]).output
    stack.write(**EDITED)
    shown += stack.pulumi("preview", "--json").output + stack.pulumi("preview", "--diff").output
    plain_outputs = json.loads(stack.pulumi("stack", "output", "--json").output)
    assert plain_outputs == {"web": stack.generation(), "web-ledger": "[secret]"}
    assert stack.ledger()["remembered"][0]["generation"]["secrets"] == {"TOKEN": SECRET}
    kept = stack.on_disk()
    assert "ciphertext" in kept
    for form in disguises(SECRET):
        assert form not in kept
        assert form not in shown


def test_destroy_leaves_nothing(tmp_path: Path) -> None:
    """No container, network, volume or router folder, and nobody answers any more."""
    with standing(tmp_path) as stack:
        stack.encrypt("TOKEN", SECRET)
        stack.up_or_fail(secrets=["TOKEN"])
        assert len(stack.containers()) == 2
        assert (len(stack.networks()), len(stack.volumes())) == (1, 1)
        assert stack.router_container().status == "running"
        assert stack.destroy().code == 0
        assert (stack.containers(), stack.networks(), stack.volumes()) == ([], [], [])
        assert not stack.home.exists()
        with pytest.raises(ValueError, match="not enough"):
            stack.router_container()
        with pytest.raises(OSError, match="refused"):
            stack.answer()


def test_what_does_not_decide_what_runs_does_not_decide_the_name(stack: Stack) -> None:
    """Another published port keeps the name, the daemon's address changes it."""

    def name() -> str:
        names = [name for op, kind, name in stack.preview() if kind.endswith(":Gate")]
        return names[0].removesuffix("-gate")

    stack.write()
    first = name()
    stack.write(router={"publish": stack.port + 1})
    assert name() == first
    stack.site["daemons"] = [{"name": "local", "url": "unix:///run/docker.sock"}]
    stack.write()
    assert name() != first
