"""Secrets from the configuration, the environment and a command; and a rollback that brings old values back."""

import hashlib
import secrets
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.estate import Stack

pytestmark = pytest.mark.e2e
VALUES = {name: f"{name}-{secrets.token_hex(8)}" for name in ("KEPT", "FOUND", "PRINTED")}
ASKS: dict[str, Any] = {"secrets": list(VALUES), "replicas": 1}
VARIABLE = "E2E_FOUND"


@pytest.fixture
def vault(stack: Stack) -> Path:
    """The stack has a secret of each kind; the command prints the file that this names."""
    file = stack.folder / "vault"
    file.write_text(VALUES["PRINTED"])
    command = [sys.executable, "-c", f"print(open({str(file)!r}).read())"]
    stack.secrets = {"FOUND": {"env": VARIABLE}, "PRINTED": {"command": command, "within": "20s"}}
    stack.variables[VARIABLE] = VALUES["FOUND"]
    stack.encrypt("KEPT", VALUES["KEPT"])
    stack.write(**ASKS)
    return file


def test_every_source_gives_its_value_whoever_runs_the_update(stack: Stack, vault: Path) -> None:
    """`rehouse deploy` raises what `pulumi up` then has nothing to do about, and the other way round."""
    stack.rehouse_json("deploy")
    assert contents(stack) == sums(VALUES)
    assert stack.up_or_fail().changes() == {}
    vault.write_text("another")
    stack.variables[VARIABLE] = "yet another"
    stack.up_or_fail()
    assert contents(stack) == sums({**VALUES, "PRINTED": "another", "FOUND": "yet another"})
    live = stack.generation()
    assert stack.rehouse_json("deploy")["live"] == [live]
    assert stack.generations() == {live}


def test_a_rollback_from_another_machine_brings_the_old_values_back(
    stack: Stack, vault: Path, tmp_path: Path
) -> None:
    """All three were changed since; the machine has neither the variable nor what the command reads."""
    first = stack.rehouse_json("deploy")["live"]
    vault.write_text("another")
    stack.variables[VARIABLE] = "yet another"
    stack.encrypt("KEPT", "changed")
    assert stack.rehouse_json("deploy")["live"] != first
    vault.unlink()
    del stack.variables[VARIABLE]
    elsewhere = checked_out(stack, tmp_path / "elsewhere")
    assert stack.rehouse_json("rollback", "--folder", str(elsewhere))["live"] == first
    assert contents(stack) == sums(VALUES)


def test_a_source_without_a_value_touches_nothing(stack: Stack, vault: Path) -> None:
    """Exit 2 for a variable that is not set, 13 for a command that fails: with the way out and what is live."""
    live = stack.rehouse_json("deploy")["live"]
    running = stack.unchanged()
    vault.unlink()
    failed = stack.rehouse("deploy")
    assert (failed.returncode, failed.stdout) == (13, "")
    assert f"secret PRINTED: command {sys.executable} ended with status 1" in failed.stderr
    assert f"state: nothing has changed; {live[0]} is live" in failed.stderr
    del stack.variables[VARIABLE]
    unset = stack.rehouse("deploy")
    assert (unset.returncode, unset.stdout) == (2, "")
    assert f"secret FOUND: environment variable {VARIABLE} is not set here" in unset.stderr
    stack.pulumi("up", "--yes", "--skip-preview").explains(VARIABLE)
    assert stack.unchanged() == running


def test_a_value_in_clear_in_the_configuration_is_refused(stack: Stack) -> None:
    """Before it is in the history of the state, with the command that encrypts it; also beside encrypted ones."""
    stack.secrets = {"PRINTED": VALUES["PRINTED"]}
    stack.write(secrets=["PRINTED"])
    alone = stack.rehouse("deploy")
    stack.encrypt("KEPT", VALUES["KEPT"])
    beside = stack.rehouse("deploy")
    for refused in (alone, beside):
        assert refused.returncode == 2
        assert "Pulumi.test.yaml, secrets.PRINTED: is in clear" in refused.stderr
        assert VALUES["PRINTED"] not in refused.stderr + stack.on_disk()


def contents(stack: Stack) -> dict[str, str]:
    """Digest of each file that the instance has."""
    return {name: stack.answer(f"/file?path=/run/secrets/{name}")["sha256"] for name in VALUES}


def sums(values: dict[str, str]) -> dict[str, str]:
    return {name: hashlib.sha256(value.encode()).hexdigest() for name, value in values.items()}


def checked_out(stack: Stack, folder: Path) -> Path:
    """The project as another machine has it: what is committed, and nothing else."""
    folder.mkdir()
    for name in ("Pulumi.yaml", "Pulumi.test.yaml"):
        shutil.copy(stack.folder / name, folder / name)
    shutil.copytree(stack.folder / "stacks", folder / "stacks")
    return folder
