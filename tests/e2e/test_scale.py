"""Another number of instances, or another target, stays in the configuration only where it came to something."""

import pytest
from ruamel.yaml import YAML

from tests.e2e.estate import Stack

pytestmark = pytest.mark.e2e


def test_scaling_is_an_ordinary_rollout_that_a_plain_update_agrees_with(stack: Stack) -> None:
    """Three, then one, under one key of the configuration; `pulumi up` has nothing to do after either."""
    stack.up_or_fail()
    before = stack.generation()
    for number in (3, 1):
        done = stack.rehouse_json("scale", str(number))
        assert (done["before"], done["live"]) == ([before], [before := stack.generation()])
        assert (len(stack.containers()), setting(stack, "replicas")) == (number, str(number))
        plain = stack.pulumi("up", "--yes", "--skip-preview")
        assert (plain.code, plain.changes()) == (0, {}), plain.output
    assert stack.rehouse_json("scale", "1")["changed"] is False


def test_what_fails_leaves_the_configuration_as_it_was(stack: Stack) -> None:
    """A gate that fails (10) and a target that there is not (2): both keys, and all instances, as before."""
    stack.up_or_fail()
    running = stack.unchanged()
    stack.write(env={"UNHEALTHY": "1"}, health={"http": "/healthz", "within": "1s"})
    failed = stack.rehouse("scale", "3")
    assert (failed.returncode, setting(stack, "replicas")) == (10, None), failed.stderr
    wrong = stack.rehouse("deploy", "--target", "cloud")
    assert (wrong.returncode, setting(stack, "target")) == (2, "container"), wrong.stderr
    assert stack.unchanged() == running
    stack.write(env={}, health={"http": "/healthz", "within": "15s"})
    assert stack.pulumi("up", "--yes", "--skip-preview").changes() == {}


def test_a_program_that_does_not_read_the_key_is_told(stack: Stack) -> None:
    """Before anything is touched: exit status 2, and what to write into it."""
    program = stack.folder / "stacks" / "__main__.py"
    program.write_text(program.read_text().replace("    replicas=replicas,\n", ""))
    stack.up_or_fail()
    running = stack.unchanged()
    ended = stack.rehouse("scale", "3")
    assert (ended.returncode, "does not read the key" in ended.stderr) == (2, True), ended.stderr
    assert (stack.unchanged(), setting(stack, "replicas")) == (running, None)


def setting(stack: Stack, key: str) -> str | None:
    """What the stack's configuration says."""
    read = YAML(typ="safe").load(stack.folder / "Pulumi.test.yaml")
    value = read["config"].get(f"{stack.project}:{key}")
    return None if value is None else str(value)
