"""A plan says what a deploy will do, and touches nothing."""

import json
from typing import Any

import pytest

from tests.e2e.estate import REGISTRY, Stack

pytestmark = pytest.mark.e2e


def test_a_plan_touches_nothing_and_the_deploy_does_as_it_said(stack: Stack) -> None:
    """Instances by name, reasons by key, exit status 3; state, settings and containers stay as they are."""
    stack.write()
    first = stack.rehouse_json("plan")
    assert (first["live"], first["changes"], first["changed"]) == ([], [], True)
    stack.rehouse_json("deploy")
    live = stack.generation()
    stack.write(env={"COLOUR": "blue"}, image=f"{REGISTRY}/example:2")
    before = everything(stack)
    ended = stack.rehouse("plan", "--exit-code", "--json")
    found = json.loads(ended.stdout)
    assert (ended.returncode, found["live"], found["changed"]) == (3, [live], True), ended.stderr
    keys = {each["key"]: (each["what"], each["after"]) for each in found["changes"]}
    assert keys.keys() == {"env.COLOUR", "image", "pinned"}
    assert keys["env.COLOUR"] == ("added", "blue")
    assert keys["pinned"][1].startswith(f"{REGISTRY}/example@sha256:")
    assert everything(stack) == before
    told = stack.rehouse("plan")
    assert (told.returncode, 'env.COLOUR added: "blue"' in told.stdout) == (0, True)
    assert stack.rehouse_json("deploy")["live"] == [found["wanted"]]
    assert instances(stack) == raised(found)
    assert stack.rehouse_json("diff")["changes"] == found["changes"]
    assert stack.rehouse_json("history")["generations"][0]["changes"] == found["changes"]
    back = stack.rehouse("diff", found["wanted"].partition("-")[2][:5], live)
    assert (back.returncode, 'env.COLOUR removed: "blue"' in back.stdout) == (0, True), back.stderr


def test_with_nothing_to_do_a_plan_says_so(stack: Stack) -> None:
    """Nothing on stdout, exit status 0, also with --exit-code; what the router would be told is a change."""
    stack.up_or_fail()
    ended = stack.rehouse("plan", "--exit-code")
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert f"{stack.generation()} is live already: nothing to do" in ended.stderr
    stack.write(rollout={"drain": "5s"})
    found = stack.rehouse_json("plan")
    assert (found["stages"], found["also"]) == ([], ["update web-router-traffic"])
    assert [(each["key"], each["before"], each["after"]) for each in found["changes"]] == [
        ("rollout.drain", "30s", "5s")
    ]
    stack.up_or_fail()
    assert stack.rehouse("plan", "--exit-code").returncode == 0


def test_what_a_deploy_refuses_a_plan_refuses(stack: Stack) -> None:
    """A quarantined generation 14, a rollout in progress 12, each with the way out."""
    stack.write()
    stack.rehouse_json("deploy")
    stack.write(env={"START_DELAY": "60000"}, health={"http": "/healthz", "within": "1s"})
    assert stack.rehouse("deploy").returncode == 10
    refused = stack.rehouse("plan")
    assert (refused.returncode, "is quarantined" in refused.stderr) == (14, True), refused.stderr
    assert stack.rehouse("plan", "--force", "--exit-code").returncode == 3
    stack.write(env={"N": "1"}, rollout={"strategy": "canary", "pause": "promote"})
    shares = [each["share"] for each in stack.rehouse_json("plan")["stages"] if each["share"]]
    assert shares == [5, 25, 50, 100]
    assert stack.rehouse_json("deploy")["progress"]["share"] == 5
    stack.write(env={"N": "2"})
    contested = stack.rehouse("plan")
    assert (contested.returncode, "rehouse promote" in contested.stderr) == (12, True)
    assert stack.rehouse("abort").returncode == 0


def everything(stack: Stack) -> tuple[Any, ...]:
    settings = (stack.folder / "Pulumi.test.yaml").read_text()
    return stack.on_disk(), settings, stack.unchanged(), router(stack)


def router(stack: Stack) -> tuple[str, list[str]]:
    return stack.router_file.read_text(), sorted(each.name for each in stack.servers())


def instances(stack: Stack) -> list[str]:
    return sorted(each.labels["rehouse.instance"] for each in stack.containers())


def raised(plan: dict[str, Any]) -> list[str]:
    [names] = [each["names"] for each in plan["stages"] if each["step"] == "raise"]
    return list(names)


def test_options_change_how_one_rollout_goes(stack: Stack) -> None:
    """A canary by option: planned and begun as wished, promoted by another command; the generation is the same."""
    stack.up_or_fail()
    stack.write(env={"N": "1"})
    wanted = stack.rehouse_json("plan")["wanted"]
    wishes = ("--strategy", "canary", "--steps", "10", "--pause", "promote")
    planned = stack.rehouse_json("plan", *wishes)
    shares = [each["share"] for each in planned["stages"] if each["step"] == "shift"]
    assert (planned["wanted"], shares) == (wanted, [10, 100])
    progress = stack.rehouse_json("deploy", *wishes)["progress"]
    assert (progress["generation"], progress["share"]) == (wanted, 10)
    assert stack.rehouse_json("promote")["live"] == [wanted]
    assert stack.up_or_fail().changes() == {}
    wrong = stack.rehouse("deploy", "--steps", "10")
    assert (wrong.returncode, "fix: --strategy canary" in wrong.stderr) == (2, True), wrong.stderr
