"""Values of secrets from the environment and from commands, and what is said where there is none."""

# ruff: noqa: SIM300

import subprocess
import sys
import time
from pathlib import Path

import pytest

from rehouse.components.asking import MAX_BYTES, values_of
from rehouse.components.errors import OutOfReach, RehouseError, Wrong
from rehouse.components.sources import Secrets, Source

VALUE = 'p%=ss "wörd"\nsecond line'
KEEP = "pulumi config set --secret --path 'secrets.A'"
WORDS = "pulumi config get --path secrets.A.command shows them"


def command(*words: str, within: str = "10s") -> Source:
    return Source.model_validate({"command": words, "within": within})


def python(program: str, within: str = "10s") -> Source:
    return command(sys.executable, "-c", program, within=within)


def refusal(source: Source) -> RehouseError:
    with pytest.raises(RehouseError) as caught:
        values_of(["A"], {"A": source})
    return caught.value


def test_a_value_in_the_configuration_is_itself():
    """Whatever it is."""
    assert {"A": VALUE} == values_of(["A"], {"A": VALUE})


def test_a_variable_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch):
    """Newlines, quotes and spaces belong to it."""
    monkeypatch.setenv("VAR", f" {VALUE}\n")
    assert {"A": f" {VALUE}\n"} == values_of(["A"], {"A": Source(env="VAR")})


def test_a_command_prints_the_value_and_a_newline():
    """The newline that ends it is no part of it; any other is."""
    program = f"print({VALUE!r}, end='\\n\\n')"
    assert {"A": f"{VALUE}\n"} == values_of(["A"], {"A": python(program)})


def test_no_shell_reads_the_command():
    """Words are words."""
    assert {"A": "$HOME; *"} == values_of(["A"], {"A": command("echo", "$HOME; *")})


def test_only_what_is_asked_for_is_asked(tmp_path: Path):
    """A command for a secret that the spec does not name is not run."""
    secrets: Secrets = {"A": VALUE, "B": command("touch", str(tmp_path / "was-run"))}
    assert {"A": VALUE} == values_of(["A", "C"], secrets)
    assert [] == list(tmp_path.iterdir())


def test_the_command_is_not_given_the_configuration(monkeypatch: pytest.MonkeyPatch):
    """Pulumi puts all of it, decrypted, into the environment of its program."""
    monkeypatch.setenv("PULUMI_CONFIG", '{"shop:other": "hunter2"}')
    monkeypatch.setenv("OP_SESSION", "needed")
    shown = values_of(["A"], {"A": command("env")})["A"]
    assert ("OP_SESSION=needed" in shown, "hunter2" in shown) == (True, False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            None,
            (
                "secret A: environment variable VAR is not set here\n"
                f"fix: set it where the update runs, or keep the value in the stack: {KEEP}"
            ),
        ),
        (
            b"",
            "secret A: environment variable VAR is empty\nfix: give it the value, or another source",
        ),
        (
            b"\xff",
            (
                "secret A: environment variable VAR is no UTF-8 text\n"
                "fix: encode it, for example with base64, and let the service decode it"
            ),
        ),
    ],
)
def test_a_variable_without_a_value_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: bytes | None, expected: str
):
    """CI passes an empty one for a secret that it does not have."""
    if value is None:
        monkeypatch.delenv("VAR", raising=False)
    else:
        monkeypatch.setenv("VAR", value.decode(errors="surrogateescape"))
    error = refusal(Source(env="VAR"))
    assert (expected, Wrong.exit_code) == (str(error), error.exit_code)


def test_a_command_that_fails_is_told_without_what_it_said():
    """Its arguments, its output and its errors may have the value."""
    error = refusal(command("sh", "-c", "echo hunter2; echo hunter2 >&2; exit 3"))
    expected = (
        "secret A: command sh ended with status 3; what it said may have the value, and is not shown\n"
        f"fix: run it by hand: {WORDS}"
    )
    assert (expected, OutOfReach.exit_code) == (str(error), error.exit_code)


def test_a_command_that_is_not_there_is_told():
    """With what to do."""
    expected = (
        "secret A: command no-such-program cannot be run: No such file or directory\n"
        f"fix: install it where the update runs, or mend its words: {WORDS}"
    )
    assert expected == str(refusal(command("no-such-program", "hunter2")))


def test_a_command_that_prints_nothing_gives_no_value():
    """It may have meant to fail."""
    assert "what command true prints is empty" == refusal(command("true")).what


def test_a_command_that_prints_without_end_is_ended():
    """Before it fills the memory."""
    expected = f"what command yes prints is larger than {MAX_BYTES // 1024} KiB"
    assert expected == refusal(command("yes")).what


@pytest.mark.parametrize(
    "program", ["sleep 60 & echo $! >{0}; wait", "sleep 60 >&- & echo $! >{0}; sleep 60"]
)
def test_a_command_that_does_not_end_is_ended_with_all_that_it_started(
    tmp_path: Path, program: str
):
    """It has no terminal to ask at, so it might wait for ever."""
    started = tmp_path / "pid"
    error = refusal(command("sh", "-c", program.format(started), within="500ms"))
    expected = "command sh has not ended within 0.5 s"
    assert (expected, OutOfReach.exit_code) == (error.what, error.exit_code)
    assert "it has no terminal and no input" in error.fix
    assert is_gone(int(started.read_text()))


def test_a_command_that_closes_its_output_and_stays_is_ended():
    """The time limit is for all of it."""
    error = refusal(command("sh", "-c", "echo x; exec >&-; sleep 60", within="300ms"))
    assert "command sh has not ended within 0.3 s" == error.what


def is_gone(pid: int) -> bool:
    """Killed at least: whose child it is may take a moment to see it."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    subprocess.run(["kill", str(pid)], check=False)
    return False
