"""Hooks of an operator's, around rollouts of the real engine."""

import json
from pathlib import Path

import pytest

from tests.e2e.estate import Stack

pytestmark = pytest.mark.e2e
TELLS = """\
#!/bin/sh
echo "$REHOUSE_HOOK $REHOUSE_COMMAND $REHOUSE_STACK $REHOUSE_GENERATION $REHOUSE_LIVE" >> told
"""
FAILS = "#!/bin/sh\necho not on a Friday\nexit 3\n"


def test_a_failing_hook_stops_a_deploy_before_anything_is_touched(stack: Stack) -> None:
    """Exit code 14; instances, ledger and router are as they were. Without the hooks it is deployed."""
    stack.up_or_fail()
    live, before, ledger = stack.generation(), stack.unchanged(), stack.ledger()
    stack.write(env={"NEXT": "1"})
    write(stack, "pre-deploy", FAILS)
    ended = stack.rehouse("deploy", "--json")
    error = json.loads(ended.stdout)["error"]
    assert (ended.returncode, error["where"]) == (14, "hook pre-deploy")
    assert error["state"] == f"nothing was touched; {live} is live"
    assert "  | not on a Friday" in ended.stderr
    assert (stack.unchanged(), stack.ledger()) == (before, ledger)
    assert stack.rehouse_json("deploy", "--skip-hooks")["changed"]


def test_hooks_are_told_what_it_is_about_and_one_that_fails_later_undoes_nothing(
    stack: Stack,
) -> None:
    """In their order, with what was live before and what is live after; then a rollback, by the same hooks."""
    stack.up_or_fail()
    old = stack.generation()
    stack.write(env={"NEXT": "1"})
    for name in ("pre-connect", "pre-deploy", "pre-app-boot", "post-app-boot"):
        write(stack, name, TELLS)
    write(stack, "post-deploy", TELLS + "exit 5\n")
    ended = stack.rehouse("deploy")
    new = stack.generation()
    assert (ended.returncode, new != old) == (0, True), ended.stderr
    assert (
        f"hook post-deploy: ended with status 5; that undoes nothing: {new} is live" in ended.stderr
    )
    assert told(stack) == [
        "pre-connect deploy test  ",
        f"pre-deploy deploy test {new} {old}",
        f"pre-app-boot deploy test {new} {old}",
        f"post-app-boot deploy test {new} {new}",
        f"post-deploy deploy test {new} {new}",
    ]
    assert stack.rehouse_json("rollback")["live"] == [old]
    assert told(stack)[-1] == f"post-deploy rollback test {old} {old}"


def write(stack: Stack, name: str, text: str) -> None:
    file = stack.folder / ".rehouse" / "hooks" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


def told(stack: Stack) -> list[str]:
    return Path(stack.folder, "told").read_text().splitlines()
