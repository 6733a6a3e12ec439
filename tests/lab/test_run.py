"""A command in the lab behaves as it would outside: folder, environment, exit code, signals."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab import machine
from lab.errors import LabError
from lab.places import CHECKOUT, Places
from tests.lab.labs import Lab


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["true"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -9 $$"], 128 + 9),
        (["no-such-program"], 127),
    ],
)
def test_the_exit_code_is_the_commands(standing: Lab, command: list[str], code: int) -> None:
    assert standing.run(*command).returncode == code


def test_folder_streams_and_arguments_are_passed(standing: Lab, tmp_path: Path) -> None:
    command = ["sh", "-c", 'pwd; cat; echo "$1" >&2', "sh", "one two"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(
        standing.command("run", "--", *command),
        cwd=tmp_path,
        env=environment,
        input="in\n",
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == (f"{tmp_path}\nin\n", "one two\n")


def test_no_variable_leads_to_another_docker(standing: Lab) -> None:
    elsewhere = {
        "DOCKER_HOST": "tcp://127.0.0.1:1",
        "DOCKER_CONTEXT": "x",
        "DOCKER_CERT_PATH": "/x",
    }
    script = 'docker info --format "{{.DockerRootDir}}"; echo "$KEPT $DOCKER_HOST$DOCKER_CONTEXT"'
    done = standing.run("sh", "-c", script, env={**os.environ, **elsewhere, "KEPT": "kept"})
    assert done.stdout.splitlines() == [f"{standing.places.root}/docker", "kept "], done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_the_command_once(standing: Lab, number: signal.Signals) -> None:
    script = (
        "import signal, sys, time; seen = []\n"
        f"signal.signal({int(number)}, lambda *_: seen.append(1))\n"
        "print('ready', flush=True)\n"
        "while not seen: time.sleep(0.01)\n"
        "time.sleep(0.2); sys.exit(40 + len(seen))"
    )
    process = standing.start("run", "--", sys.executable, "-c", script, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, number)  # As a terminal does, to the whole group.
    process.communicate(timeout=30)
    assert process.returncode == 41


def test_a_lab_made_for_a_command_goes_with_it_unless_kept(lab: Lab) -> None:
    assert (lab.run("true").returncode, lab.traces()) == (0, [])
    assert lab.call("run", "--keep", "--", "true").returncode == 0
    assert lab.call("status").returncode == 0


def test_a_lab_stays_while_another_command_runs_in_it(lab: Lab) -> None:
    first = lab.start("run", "--", "sh", "-c", "echo ready; sleep 1")
    assert first.stdout is not None
    assert first.stdout.readline() == "ready\n"
    second = lab.start("run", "--", "sh", "-c", "echo ready; sleep 2; docker ps --quiet")
    first.communicate(timeout=30)
    assert second.communicate(timeout=30)[0] == "ready\n"
    assert (first.returncode, second.returncode, lab.traces()) == (0, 0, [])


def test_the_command_ends_with_a_killed_run(standing: Lab) -> None:
    process = standing.start("run", "--", "sh", "-c", "echo $$; exec sleep 300")
    assert process.stdout is not None
    inner = process.stdout.readline().strip()
    process.kill()
    process.communicate()
    gone = f"for n in $(seq 100); do [ -d /proc/{inner} ] || exit 0; sleep 0.05; done; exit 1"
    assert standing.run("sh", "-c", gone).returncode == 0


def test_who_is_not_root_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match=r"need root\nfix: sudo .* -m lab"):
        machine.check(libvirt=False)


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_PATH", "/nonexistent")
    with pytest.raises(LabError, match=r"containerd .*\nfix: apt-get install containerd"):
        machine.check(libvirt=False)


@pytest.mark.parametrize("name", ["", "../x", "A", "x" * 33])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(LabError, match="not a name for a lab"):
        Places(name)


def test_a_run_without_a_command_is_refused(lab: Lab) -> None:
    refused = lab.call("run", "--")
    assert (refused.returncode, "no command" in refused.stderr) == (2, True)
