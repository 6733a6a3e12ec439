"""How a service ends, and how a guest does."""

import threading

import pytest

from tests.kit.machine import FASTEST, USUAL, started


def test_a_service_that_crashes_runs_again(kit, disk, tmp_path):
    """After a crash the service answers again, each time after a longer pause, with nothing left of the one before."""
    with started(kit, disk, tmp_path, env={"CRASH_AFTER": "1"}, secrets={"KEY": "value"}) as guest:
        guest.get("/healthz")
        guest.prints(r"rehouse: the service has ended: exit status 3; again in 100ms\n")
        assert guest.get("/file?path=/run/secrets/KEY")["mode"] == "0400"
        guest.prints(r"the service has ended: exit status 3; again in 200ms\n")


def test_what_a_service_leaves_behind_ends_with_it(kit, disk, tmp_path):
    """What the service has started is ended with it, and its files in /tmp are gone."""
    with started(kit, disk, tmp_path, env={"CRASH_AFTER": "1"}) as guest:
        guest.agent_ready()
        assert guest.run("/probe", "touch", "/tmp/left").code == 0
        pid = guest.agent("guest-exec", path="/probe", arg=["sleep"])["return"]["pid"]
        guest.get("/healthz")
        guest.prints("again in 100ms")
        guest.prints("listening on(.|\n)+listening on")
        assert guest.ended(pid)["signal"] == 9
        assert guest.run("/probe", "cat", "/tmp/left").code == 1


@pytest.mark.parametrize("machine", [FASTEST, USUAL], ids=["q35", "pc"])
def test_the_power_button_ends_a_service_gracefully(kit, disk, tmp_path, machine):
    """The power button lets the service finish what it is doing, and then switches the guest off."""
    with started(kit, disk, tmp_path, machine=machine) as guest:
        guest.get("/healthz")
        guest.agent_ready()
        answers = []
        asking = threading.Thread(target=lambda: answers.append(guest.get("/slow?ms=1500", 60)))
        asking.start()
        guest.asked()
        guest.press_power_button()
        asking.join()
        assert answers[0]["generation"] == "web-1234567"
        assert guest.ends() == 0
        assert "stopped\nrehouse: the service has stopped: exit status 0\n" in guest.console


def test_a_service_that_does_not_hear_is_killed(kit, disk, tmp_path):
    """After the grace that it was promised, a service that ignores its signal is killed."""
    stop = {"signal": "SIGTERM", "grace": 1}
    with started(kit, disk, tmp_path, entrypoint=["/probe", "deaf"], stop=stop) as guest:
        guest.prints("deaf\n")
        guest.agent_ready()
        guest.agent_told("guest-shutdown", mode="powerdown")
        assert guest.ends() == 0
        assert "killed, it did not end within 1s" in guest.console


def test_a_panic_ends_the_guest(kit, disk, tmp_path):
    """A guest whose kernel panics is off, does not come back by itself, and has said why."""
    with started(kit, disk, tmp_path) as guest:
        guest.get("/healthz")
        guest.monitor("inject-nmi")
        guest.ends()
        assert "Kernel panic - not syncing" in guest.console
        assert guest.console.count("listening on") == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"user": "nobody-knows"}, "rehouse: user nobody-knows: not in the image's /etc/passwd"),
        ({"mac": "52:54:00:00:00:00"}, "rehouse: network: no card with the address"),
        ({"colour": "blue"}, "rehouse: configuration: json: unknown field"),
    ],
)
def test_a_guest_that_cannot_be_as_promised_is_off(kit, disk, tmp_path, wrong, words):
    """What the guest cannot keep it says on the console, and switches itself off before anything runs."""
    with started(kit, disk, tmp_path, **wrong) as guest:
        assert guest.ends() == 0
        assert words in guest.console


def test_a_program_that_is_not_there_is_told(kit, disk, tmp_path):
    """An entrypoint that is missing is told on the console, and tried again as a crash is."""
    with started(kit, disk, tmp_path, entrypoint=["/none"]) as guest:
        guest.prints("it does not start: /none: no such file or directory; again in 200ms")
