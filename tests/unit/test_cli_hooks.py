"""Hooks run when they are due and at no other time, know what it is about, and can stop only what has not begun."""

# ruff: noqa: SIM300

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from rehouse.cli.rollout.deploy import deploy, rollback
from rehouse.cli.rollout.hooked import hooked
from rehouse.cli.rollout.hooks import AFTER, BEFORE, FOLDER, Facts, Hooks, found
from rehouse.cli.rollout.stages import follow
from rehouse.cli.view.news import Hook, news_of
from rehouse.components.errors import Refused, Undone, Wrong
from rehouse.components.generation import Generation
from tests.unit.fake_engine import FakeEngine
from tests.unit.makers import generation, spec

ALL = (*BEFORE, *AFTER)
TELLS = """\
#!/usr/bin/env python3
import json, os
told = {name: value for name, value in os.environ.items() if name.startswith("REHOUSE_")}
with open("told", "a") as file:
    file.write(json.dumps(told) + "\\n")
"""


def of(number: int, **rollout: object) -> Generation:
    return generation(spec=spec(env={"N": str(number)}, rollout=rollout))


A, B = of(0), of(1)
CANARY = of(2, strategy="canary", steps=(20,), pause="60s")


class Hookable(FakeEngine):
    """With what hooks ask besides."""

    def resources(self) -> list[dict[str, Any]]:
        return []

    def stack_name(self) -> str:
        return "prod"


class Deployment:
    """A project with hooks that write down what they are told, and an engine in which A is live."""

    def __init__(self, home: Path) -> None:
        self.home, self.engine = home, Hookable(A)
        self.news: list[Hook] = []
        deploy(self.engine, None)
        (home / FOLDER).mkdir(parents=True)
        for name in ALL:
            self.write(name, TELLS)

    def write(self, name: str, text: str) -> None:
        (self.home / FOLDER / name).write_text(text)
        (self.home / FOLDER / name).chmod(0o755)

    def deploy(self, wanted: Generation) -> None:
        self.engine.spec = wanted
        with self.around("deploy") as engine:
            deploy(engine, None)

    def around(self, command: str):
        hooks = Hooks(self.home, found(self.home / FOLDER))
        return hooked(self.engine, hooks, command, lambda event: self.news.extend(news_of(event)))  # type: ignore[arg-type]

    def told(self) -> list[dict[str, str]]:
        """What the hooks were told since this was asked last."""
        file = self.home / "told"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]

    def ran(self) -> list[str]:
        return [each["REHOUSE_HOOK"] for each in self.told()]


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path)


def test_a_deploy_runs_them_in_this_order(deployment: Deployment):
    """All but that of an undo; each is news when it begins and when it ends."""
    deployment.deploy(B)
    ran = ["pre-connect", "pre-deploy", "pre-app-boot", "post-app-boot", "post-deploy"]
    assert ran == deployment.ran()
    assert [Hook(ran[0], "begins"), Hook(ran[0], "done")] == deployment.news[:2]


def test_they_are_told_what_it_is_about(deployment: Deployment):
    """The facts of the rollout; before it what was live, after it what is, and how long it took."""
    deployment.deploy(B)
    first, before, _, _, after = deployment.told()
    assert ("deploy", "prod") == (first["REHOUSE_COMMAND"], first["REHOUSE_STACK"])
    names = ("SERVICE", "GENERATION", "TARGET", "IMAGE", "LIVE")
    assert ("web", B.name, "container", B.image, A.name) == tuple(
        before[f"REHOUSE_{each}"] for each in names
    )
    assert {"REHOUSE_PERFORMER", "REHOUSE_RECORDED_AT"} <= set(before)
    assert (B.name, True) == (after["REHOUSE_LIVE"], after["REHOUSE_RUNTIME"].isdigit())
    assert "REHOUSE_RUNTIME" not in before


def test_no_value_of_a_secret_is_told(tmp_path: Path):
    """Facts have no place for one."""
    told = Facts("deploy", "prod", "ops@here").variables("pre-deploy")
    assert {"REHOUSE_HOOK", "REHOUSE_COMMAND", "REHOUSE_STACK", "REHOUSE_PERFORMER"} == set(told)


def test_what_is_live_already_is_no_deploy(deployment: Deployment):
    """Only the hook that runs before anything is asked."""
    deployment.deploy(A)
    assert ["pre-connect"] == deployment.ran()


@pytest.mark.parametrize("hook", ["pre-connect", "pre-deploy", "pre-app-boot"])
def test_one_that_fails_before_stops_it(deployment: Deployment, hook: str, capsys):
    """Exit code 14, no update was begun, and what it printed is shown."""
    deployment.write(hook, "#!/bin/sh\necho not on a Friday\nexit 3\n")
    before = deployment.engine.ledger
    with pytest.raises(Refused, match=f"hook {hook}: ended with status 3") as raised:
        deployment.deploy(B)
    assert (14, before) == (raised.value.exit_code, deployment.engine.ledger)
    assert str(raised.value.state).startswith("nothing was touched")
    assert "  | not on a Friday" in capsys.readouterr().err
    assert ["deploy"] == deployment.engine.updates
    assert not set(AFTER) & set(deployment.ran())


def test_what_one_leaves_running_is_not_waited_for(deployment: Deployment, capsys):
    """It has the hook's own output open for as long as it lives; all that the hook itself printed is shown."""
    leaves = "#!/bin/sh\n(sleep 20; touch over) &\necho $! > pid\necho one\nprintf two\n"
    deployment.write("post-deploy", leaves)
    deployment.deploy(B)
    assert not (deployment.home / "over").exists()
    os.kill(int((deployment.home / "pid").read_text()), signal.SIGKILL)
    assert "  | one\n  | two\n" in capsys.readouterr().err


@pytest.mark.parametrize("hook", ["post-app-boot", "post-deploy"])
def test_one_that_fails_after_it_undoes_nothing(deployment: Deployment, hook: str, capsys):
    """It is told, with what is live."""
    deployment.write(hook, "#!/bin/sh\nexit 7\n")
    deployment.deploy(B)
    assert (B.name,) == deployment.engine.ledger.live
    told = f"hook {hook}: ended with status 7; that undoes nothing: {B.name} is live\n"
    assert told in capsys.readouterr().err


def test_an_undone_rollout_has_one_of_its_own(deployment: Deployment):
    """With the reason, in one line, and the exit code."""
    deployment.engine.sick = {B.name}
    with pytest.raises(Undone):
        deployment.deploy(B)
    *_, last = deployment.told()
    assert ("post-undo", "10") == (last["REHOUSE_HOOK"], last["REHOUSE_EXIT_CODE"])
    assert ("answers 503", A.name) == (last["REHOUSE_REASON"], last["REHOUSE_LIVE"])


def test_a_canary_is_deployed_once_it_is_alone(deployment: Deployment):
    """Booted after its first step, deployed after its last, whoever takes that."""
    deployment.deploy(CANARY)
    assert ["pre-connect", "pre-deploy", "pre-app-boot", "post-app-boot"] == deployment.ran()
    with deployment.around("resume") as engine:
        follow(engine, None, lambda *_: None)
    assert [("pre-connect", "resume"), ("post-deploy", "resume")] == [
        (each["REHOUSE_HOOK"], each["REHOUSE_COMMAND"]) for each in deployment.told()
    ]


def test_a_rollback_is_a_deploy_of_what_was_before(deployment: Deployment):
    """The same hooks; the command tells them apart."""
    deployment.deploy(B)
    deployment.told()
    with deployment.around("rollback") as engine:
        rollback(engine, None, None, None, None)
    told = deployment.told()
    assert [*BEFORE, "post-app-boot", "post-deploy"] == [each["REHOUSE_HOOK"] for each in told]
    assert {"rollback"} == {each["REHOUSE_COMMAND"] for each in told}
    assert (A.name, A.image) == (told[1]["REHOUSE_GENERATION"], told[1]["REHOUSE_IMAGE"])


def test_without_hooks_the_engine_is_left_alone(tmp_path: Path):
    """Nothing is asked that a deploy does not ask."""
    engine = Hookable(A)
    with hooked(engine, Hooks(tmp_path, {}), "deploy", lambda _event: None) as around:
        assert engine is around


def test_one_that_would_never_run_is_wrong(tmp_path: Path):
    """A slip in the name, a missing x: found before anything is done. A sample is left alone."""
    (tmp_path / "pre-deploy.sample").write_text("")
    assert {} == found(tmp_path) == found(tmp_path / "nowhere")
    (tmp_path / "pre-deploy").write_text("#!/bin/sh\n")
    with pytest.raises(Wrong, match="is not executable\nfix: chmod"):
        found(tmp_path)
    (tmp_path / "pre-deploy").chmod(0o755)
    assert ["pre-deploy"] == list(found(tmp_path))
    (tmp_path / "pre-deply").write_text("")
    with pytest.raises(Wrong, match="is not known, and would never be run"):
        found(tmp_path)


def test_one_that_cannot_be_run_says_why(deployment: Deployment):
    """For example where its first line is missing."""
    deployment.write("pre-deploy", "echo well\n")
    with pytest.raises(Refused, match="cannot be run: Exec format error"):
        deployment.deploy(B)
