"""The script of a CI job: what it calls, how it ends, and what its summary says."""

# ruff: noqa: SIM300

import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.ci import SCRIPT, Job

CHECKOUT = Path(__file__).parents[2]
CODES = re.findall(
    r"^\| (\d+(?:, \d+)*) \|", (CHECKOUT / "docs/reference/exit-codes.md").read_text(), re.M
)
FAILURES = sorted({int(code) for each in CODES for code in each.split(", ")} - {0, 3})


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


@pytest.mark.parametrize(
    ("ends", "prints", "title", "shown", "changed"),
    [
        (0, "", "nothing to do", "told on stderr", "false"),
        (3, "web: a → b\n", "there are changes", "web: a → b", "true"),
    ],
)
def test_a_plan_ends_well_with_and_without_changes(job, ends, prints, title, shown, changed):
    """Its exit status is 0 in both cases; summary and output say which it was."""
    ended = job.run("plan", ends, prints, REHOUSE_STACK="dev")
    assert (0, prints, "told on stderr\n") == (ended.code, ended.out, ended.err)
    assert f"### rehouse plan of dev: {title}\n\n    {shown}\n\n" == ended.summary
    assert ("[rehouse][plan][--exit-code]\n", f"changed={changed}\n") == (ended.calls, ended.output)


def test_the_documented_exit_codes_are_read():
    """The table is the one that is meant."""
    assert [1, 2, 10, 11, 12, 13, 14, 129, 130, 143] == FAILURES


@pytest.mark.parametrize("mode", ["plan", "deploy"])
@pytest.mark.parametrize("code", FAILURES)
def test_a_failure_is_given_through(job, mode, code):
    """Every documented exit status of rehouse is that of the job; the summary has a word and the reason for it."""
    ended = job.run(mode, code)
    assert (code, "") == (ended.code, ended.output)
    title, _, rest = ended.summary.partition("\n\n")
    assert (code == 1, "    told on stderr\n\n") == ("a bug" in title, rest)


def test_a_deploy_says_what_it_printed(job):
    """Done: status 0, the line of stdout on stdout and in the summary."""
    ended = job.run("deploy", prints="b is live, a is retired\n")
    assert (0, "b is live, a is retired\n") == (ended.code, ended.out)
    assert "### rehouse deploy: done\n\n    b is live, a is retired\n\n" == ended.summary


def test_out_of_reach_is_looked_into(job):
    """After exit status 13 the doctor says what is wrong, and the status stays 13."""
    ended = job.run("deploy", 13)
    assert (13, "looked\n") == (ended.code, ended.out)
    assert "[rehouse][deploy]\n[rehouse][doctor]\n" == ended.calls


def test_a_fence_in_a_value_ends_nothing(job):
    """What a pull request says stands in the summary as it is, indented, line by line."""
    ended = job.run("plan", 3, '```\n# <b>"approved"</b>\n')
    assert '\n\n    ```\n    # <b>"approved"</b>\n\n' in ended.summary


def test_words_from_outside_stay_words(job):
    """A service that is written like an option or a command is one argument, after the options."""
    nasty = '--force; $(touch "$HOME") `id`'
    ended = job.run("deploy", REHOUSE_SERVICE=nasty)
    assert f"[rehouse][deploy][--][{nasty}]\n" == ended.calls


def test_the_project_may_be_in_a_folder(job):
    """A folder that is not there ends the job before rehouse is asked anything."""
    ended = job.run("check", REHOUSE_FOLDER="nowhere")
    assert (True, "", "") == (ended.code != 0, ended.calls, ended.summary)
    (job.folder / "scratch").rmdir()
    (job.folder / "shop").mkdir()
    assert (0, "[rehouse][check]\n") == (
        (found := job.run("check", REHOUSE_FOLDER="shop")).code,
        found.calls,
    )


@pytest.mark.parametrize("mode", ["check", "plan"])
def test_it_installs_what_it_is_told(job, mode):
    """An environment of its own, gone in the end; the plugin of the package's version, not for a check."""
    calls = job.run(mode, REHOUSE_INSTALL="rehouse == 1").calls.splitlines()
    plugin = [] if mode == "check" else ["[pulumi][plugin][install][resource][docker][5.2.0]"]
    assert calls[0].startswith(f"[python3][-m][venv][{job.folder}/scratch/")
    assert calls[1].endswith("[install][--quiet][--disable-pip-version-check][rehouse == 1]")
    assert plugin == [each for each in calls if each.startswith("[pulumi]")]
    assert calls[-1].startswith(f"[rehouse][{mode}]")


@pytest.mark.parametrize("mode", ["", "destroy", "-h"])
def test_other_modes_are_wrong_usage(job, mode):
    """Anything but its three modes ends with 2 and a fix, and nothing is called."""
    ended = job.run(mode)
    assert (2, "", True) == (
        ended.code,
        ended.calls,
        "fix: deploy.sh check|plan|deploy" in ended.err,
    )


def test_it_is_plain_shell():
    """Any POSIX shell can read it."""
    assert 0 == subprocess.run(["sh", "-n", str(SCRIPT)]).returncode
