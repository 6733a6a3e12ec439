"""A lab comes and goes, and the machine is as it was."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.places import CHECKOUT, Places, default_name
from lab.processes import Process
from lab.state import State, write_state
from tests.lab.labs import Lab, machine, wait_until

USED = """\
set -e
docker run -d --name some --memory 64m -p 8080 127.0.0.1:5000/example:1
docker network create other
iptables -L -n | grep -q DOCKER
"""


def test_nothing_is_left_after_up_run_and_down(lab: Lab) -> None:
    before = machine()
    assert lab.call("up").returncode == 0
    namespaces = lab.namespaces()
    used = lab.run("sh", "-c", USED)
    assert used.returncode == 0, used.stderr
    assert lab.places.cgroups, "a container has a cgroup of the lab"
    assert lab.traces(namespaces), "what is looked for below can be seen"
    assert lab.call("down").returncode == 0
    assert (lab.traces(namespaces), machine()) == ([], before)


def test_nothing_is_left_of_libvirt_and_its_network(lab: Lab) -> None:
    before = machine()
    script = "virsh -c qemu:///system net-list --name; find /sys/fs/cgroup -name machine"
    listed = lab.call("run", "--libvirt", "--", "sh", "-c", script)
    assert (listed.returncode, listed.stdout.split()) == (0, ["default"]), listed.stderr
    assert (lab.traces(), machine()) == ([], before)


def test_libvirt_joins_a_lab_that_stands(standing: Lab) -> None:
    assert standing.call("up", "--libvirt").returncode == 0
    listed = standing.run("virsh", "-c", "qemu:///system", "net-list", "--name")
    assert listed.stdout.split() == ["default"]


MOMENTS = ["folder", "registry", "state", "mounts:", "network:", "docker and registry:"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_up_is_undone_by_the_next_one(lab: Lab, moment: str) -> None:
    kill_at(lab, moment)
    again = lab.run("docker", "ps", "--quiet")
    assert (again.returncode, again.stdout) == (0, ""), again.stderr
    assert lab.traces() == []


@pytest.mark.parametrize("moment", ["folder", "state", "network:"])
def test_a_killed_up_is_undone_by_down(lab: Lab, moment: str) -> None:
    kill_at(lab, moment)
    assert lab.call("down").returncode == 0
    assert lab.traces() == []


@pytest.mark.parametrize("delay", [0.08, 0.1, 0.12])
def test_a_killed_down_is_finished_by_the_next_one(lab: Lab, delay: float) -> None:
    lab.call("up")
    namespaces = lab.namespaces()
    process = lab.start("down")
    time.sleep(delay)
    process.kill()
    process.communicate()
    assert lab.call("down").returncode == 0
    assert lab.traces(namespaces) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_up_leaves_nothing(lab: Lab, number: signal.Signals) -> None:
    process = lab.start("up")
    wait_until(lab.places.state.exists, "the state")
    process.send_signal(number)
    process.communicate(timeout=30)
    assert (process.returncode, lab.traces()) == (128 + number, [])


def test_two_at_once_make_one_lab(lab: Lab) -> None:
    both = [lab.start("up"), lab.start("up")]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted("was up" in text for text in said) == [False, True]


def test_down_without_a_lab_does_nothing(lab: Lab) -> None:
    assert (lab.call("down").returncode, lab.traces()) == (0, [])


def test_status_tells_whether_it_stands(lab: Lab, standing: Lab) -> None:
    assert (lab.call("status").returncode, standing.call("status").returncode) == (1, 0)


def test_a_recycled_pid_is_not_killed(lab: Lab) -> None:
    with subprocess.Popen(["sleep", "60"]) as bystander:
        earlier = Process(bystander.pid, Process.of(bystander.pid).started - 1)
        lab.places.root.mkdir()
        write_state(lab.places, State(earlier, earlier, ready=True, kept=True))
        assert lab.call("down").returncode == 0
        alive = bystander.poll() is None
        bystander.kill()
    assert alive


def test_the_machines_own_docker_is_neither_asked_nor_replaced(lab: Lab, tmp_path: Path) -> None:
    """The machine's /run is played by one of the test's own: no Docker here is at risk."""
    script = [sys.executable, str(Path(__file__).with_name("own_docker.py")), lab.name]
    done = subprocess.run(
        ["unshare", "--mount", *script], cwd=CHECKOUT, env={**os.environ, "PYTHONPATH": "."}
    )
    assert done.returncode == 0


def test_two_clones_have_two_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    here = default_name()
    monkeypatch.setattr("lab.places.CHECKOUT", CHECKOUT / "other")
    assert default_name() != here
    assert Places(here).root != Places(default_name()).root


def kill_at(lab: Lab, moment: str) -> None:
    process = lab.start("up")
    try:
        if moment.endswith(":"):
            assert process.stderr is not None
            while not (line := process.stderr.readline()).startswith(moment):
                assert line, f"it never said {moment}"
        else:
            path = {
                "folder": lab.places.root,
                "registry": lab.places.root / "registry",
                "state": lab.places.state,
            }[moment]
            wait_until(path.exists, moment)
    finally:
        process.kill()
        process.communicate()
