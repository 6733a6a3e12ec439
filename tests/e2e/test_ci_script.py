"""What a CI job runs, run here: a plan touches nothing and ends well, a deploy deploys, a failure is given through."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from rehouse.cli.starter import TEMPLATES
from tests.e2e.estate import COMMAND, Stack, eventually

pytestmark = pytest.mark.e2e
SLOW = {"env": {"START_DELAY": "60000"}, "health": {"http": "/healthz", "within": "50s"}}


class Job:
    """The script in a stack's folder, as a runner would start it."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._stack, self._summary, self._output = stack, folder / "summary", folder / "output"

    def run(self, mode: str) -> "subprocess.CompletedProcess[str]":
        process = self.start(mode)
        out, err = process.communicate(timeout=200)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(self, mode: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["sh", str(TEMPLATES / "deploy.sh"), mode],
            cwd=self._stack.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wrote(self) -> tuple[str, str]:
        """Title of the summary and the output since the last time; neither may have been written twice."""
        texts = [
            path.read_text() if path.exists() else "" for path in (self._summary, self._output)
        ]
        assert texts[0].count("### ") == 1, texts
        for path in (self._summary, self._output):
            path.unlink(missing_ok=True)
        return texts[0].splitlines()[0], texts[1]

    def summary(self) -> str:
        return self._summary.read_text()

    def _environment(self) -> dict[str, str]:
        given = self._stack.environment()
        own = {
            "PATH": os.pathsep.join([str(Path(COMMAND).parent), given["PATH"]]),
            "REHOUSE_STACK": "test",
            "GITHUB_STEP_SUMMARY": str(self._summary),
            "GITHUB_OUTPUT": str(self._output),
        }
        return {**given, **own}


@pytest.fixture
def job(stack: Stack, tmp_path: Path) -> Job:
    stack.write()
    return Job(stack, tmp_path)


def test_a_pull_request_is_planned_and_the_main_branch_deployed(stack: Stack, job: Job) -> None:
    """Plan, deploy, plan: 0 each time; the summary names the generation that is live then, the output says when."""
    planned = job.run("plan")
    assert (planned.returncode, stack.containers()) == (0, []), planned.stderr
    shown = job.summary()
    assert job.wrote() == ("### rehouse plan of test: there are changes", "changed=true\n")
    deployed = job.run("deploy")
    assert deployed.returncode == 0, deployed.stderr
    live = stack.generation()
    assert live in shown
    assert f"\n    {live} is live\n" in job.summary()
    assert job.wrote() == ("### rehouse deploy of test: done", "")
    before = stack.unchanged()
    again = job.run("plan")
    assert (again.returncode, stack.unchanged()) == (0, before), again.stderr
    assert f"\n    {live} is live already: nothing to do\n" in job.summary()
    assert job.wrote() == ("### rehouse plan of test: nothing to do", "changed=false\n")


def test_a_failure_is_the_failure_of_the_job(stack: Stack, job: Job) -> None:
    """A rollout that is undone 10, the same one refused 14, a wrong spec 2: each with its reason in the summary."""
    assert job.run("deploy").returncode == 0
    job.wrote()
    before, live = stack.unchanged(), stack.generation()
    stack.write(env={"START_DELAY": "60000"}, health={"http": "/healthz", "within": "1s"})
    failed = job.run("deploy")
    assert (failed.returncode, stack.unchanged()) == (10, before), failed.stderr
    assert "not well within 1 s" in job.summary()
    assert job.wrote() == (
        "### rehouse deploy of test: failed and undone; what was live is live",
        "",
    )
    assert job.run("plan").returncode == 14
    assert "is quarantined" in job.summary()
    assert job.wrote() == ("### rehouse plan of test: refused", "")
    stack.write(replicas=0)
    for mode in ("check", "deploy"):
        assert job.run(mode).returncode == 2
        assert "replicas: " in job.summary()
        job.wrote()
    assert (stack.generation(), stack.unchanged()) == (live, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_is_cancelled_undoes(stack: Stack, job: Job, number: signal.Signals) -> None:
    """The signal reaches the rollout: the old generation is live, nothing of the new one stands, the status says so."""
    assert job.run("deploy").returncode == 0
    job.wrote()
    before = stack.unchanged()
    stack.write(**SLOW)
    process = job.start("deploy")
    eventually(lambda: len(stack.generations()) == 2, seconds=60)
    process.send_signal(number)
    _, err = process.communicate(timeout=100)
    assert (process.returncode, stack.unchanged()) == (143, before), err
    assert job.wrote() == ("### rehouse deploy of test: interrupted", "")
