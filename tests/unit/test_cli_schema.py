"""`rehouse schema` and `rehouse completion` print what other programs read."""

import subprocess

import pytest

from rehouse.components.spec import json_schema
from tests.unit.commands import rehouse


def test_schema_is_that_of_the_spec(capsys):
    """What it prints is the schema, and nothing else."""
    ran = rehouse(capsys, "schema")
    assert (0, json_schema(), "") == (ran.code, ran.out, ran.err)


def test_schema_as_json(capsys):
    """With --json the schema is one fact among the usual ones."""
    shape = rehouse(capsys, "schema", "--json").json()
    assert (shape["version"], shape["command"]) == (1, "schema")
    assert shape["schema"]["title"] == "ServiceSpec"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_asks_rehouse(capsys, shell):
    """The script of each shell asks the command itself, by click's variable."""
    ran = rehouse(capsys, "completion", shell)
    assert (ran.code, f"_REHOUSE_COMPLETE={shell}_complete" in ran.out) == (0, True)
    assert ran.out == rehouse(capsys, "completion", shell, "--json").json()["script"] + "\n"


def test_completion_is_what_bash_reads(capsys):
    """Bash finds nothing wrong with its script."""
    script = rehouse(capsys, "completion", "bash").out
    ended = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_another_shell_is_wrong_usage(capsys):
    """A shell that is not known is wrong usage."""
    assert rehouse(capsys, "completion", "tcsh").code == 2
