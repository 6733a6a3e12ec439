"""The action for GitHub, and the workflows that are shown: one script, and nothing from outside in a shell."""

# ruff: noqa: SIM300

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from rehouse.cli.starter import TEMPLATES

CHECKOUT = Path(__file__).parents[2]
ACTION = YAML(typ="safe").load(CHECKOUT / "action.yml")
DOCUMENT = (CHECKOUT / "docs/ci.md").read_text()
EXAMPLE, GITLAB = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.S)
STARTER = re.sub(r"@[A-Z]+@", "1", (TEMPLATES / "deploy.yaml").read_text())
WORKFLOWS = {
    "the action": {"jobs": {"one": ACTION["runs"]}},
    "the example": YAML(typ="safe").load(EXAMPLE),
    "the starter": YAML(typ="safe").load(STARTER),
}


def test_the_action_runs_the_script_and_nothing_else():
    """Its one line of shell is the script of this repository, with the mode from a variable."""
    [run] = [each["run"] for each in ACTION["runs"]["steps"] if "run" in each]
    word = re.fullmatch(r'exec sh "\$GITHUB_ACTION_PATH/(\S+)" "\$REHOUSE_MODE"', run)
    assert word is not None
    assert (TEMPLATES / "deploy.sh").samefile(CHECKOUT / word[1])


def test_every_input_is_explained_and_used():
    """Each input has a description and a default, is used in a step, and stands in docs/ci.md; so does the output."""
    steps = str(ACTION["runs"]["steps"])
    for name, about in ACTION["inputs"].items():
        assert {"description", "default"} == about.keys(), name
        assert f"inputs.{name} " in steps, name
        assert f"\n| `{name}` |" in DOCUMENT, name
    assert all(f"`{name}`" in DOCUMENT for name in ACTION["outputs"])
    assert set(ACTION["inputs"]) == set(re.findall(r"inputs\.([\w-]+)", steps))


def test_by_default_it_touches_nothing():
    """Who says no mode gets a plan; the versions are those that this one is tested with."""
    defaults = {name: about["default"] for name, about in ACTION["inputs"].items()}
    assert ("plan", version("pulumi")) == (defaults["mode"], defaults["pulumi-version"])


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_expression_is_in_a_line_of_shell(name):
    """What comes from outside reaches a shell as a variable, never as a part of the command."""
    runs = [each["run"] for each in steps_of(WORKFLOWS[name]) if "run" in each]
    assert [] == [each for each in runs if "${{" in each]


@pytest.mark.parametrize("name", ["the example", "the starter"])
def test_a_workflow_is_careful(name):
    """It may read the repository and no more; a deploy waits and is never cancelled; a fork is not planned."""
    workflow = WORKFLOWS[name]
    jobs = workflow["jobs"]
    assert {"contents": "read"} == workflow["permissions"]
    assert {"group": "deploy-dev", "cancel-in-progress": False} == jobs["deploy"]["concurrency"]
    assert {"pull_request": None, "push": {"branches": ["main"]}} == workflow["on"]
    assert "github.event_name == 'push'" == jobs["deploy"]["if"]
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    assert f"github.event_name == 'pull_request' && {own}" == jobs["plan"]["if"]
    with_secrets = [job for job, about in jobs.items() if "secrets." in str(about)]
    assert ["plan", "deploy"] == with_secrets
    checkouts = [each for each in steps_of(workflow) if "checkout" in each.get("uses", "")]
    assert [{"persist-credentials": False}] * 3 == [each["with"] for each in checkouts]


def test_the_example_uses_the_action_as_it_is():
    """Its modes are the names of its jobs, and all that it says is an input."""
    jobs = WORKFLOWS["the example"]["jobs"]
    used = {name: about["steps"][-1]["with"] for name, about in jobs.items()}
    assert {name: name for name in ("check", "plan", "deploy")} == {
        name: words["mode"] for name, words in used.items()
    }
    assert {word for words in used.values() for word in words} <= ACTION["inputs"].keys()


def test_gitlab_runs_the_same_script():
    """Plan and deploy by the script; one deploy at a time, and none is interrupted."""
    jobs = YAML(typ="safe").load(GITLAB)
    for name in ("check", "plan", "deploy"):
        assert [f"sh ci/deploy.sh {name}"] == jobs[name]["script"]
    assert ("deploy-dev", False) == (
        jobs["deploy"]["resource_group"],
        jobs["deploy"]["interruptible"],
    )


def steps_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]
