"""Whoever interrupts a command is told what stands, and what stands is whole."""

import fcntl
import os
import pty
import re
import signal
import subprocess
import termios
import time
from collections.abc import Iterator

import pytest

from lab.load import Load
from tests.e2e.aftermath import left_over
from tests.e2e.clients import PATIENCE, Client, temporary
from tests.e2e.estate import COMMAND, Stack, eventually, standing
from tests.e2e.kills import change

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
SLOW = {"START_DELAY": "5000"}
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two instances are live. All tests use it: each begins with what the one before has left."""
    with standing(tmp_path_factory.mktemp("signals")) as stack:
        temporary(stack)
        stack.spec["replicas"] = 2
        stack.spec["health"] = {"http": "/healthz", "within": "60s"}
        stack.up_or_fail()
        yield stack


@pytest.fixture
def service(house: Stack) -> Iterator[Stack]:
    """No request is lost, whatever comes."""
    with Load(house.url, keepalive=2, rate=10) as load:
        yield house
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report


@pytest.mark.parametrize("number", SIGNALS)
def test_before_an_update_has_begun_nothing_is_touched(
    service: Stack, number: signal.Signals
) -> None:
    """While the engine plans: exit status 128 and the signal's number, and it says so."""
    live = service.generation()
    change(service)
    with Client(service, "deploy") as client:
        eventually(lambda: len(client.family()) > 1, PATIENCE)
        client.tell(number)
        ended = client.ended()
    assert ended.code == 128 + number, ended
    assert "interrupted before any update had begun" in ended.err
    assert left_over(service, live) == []


@pytest.mark.parametrize("number", SIGNALS)
def test_once_before_the_shift_it_is_undone(service: Stack, number: signal.Signals) -> None:
    """While the gate holds, for an hour if need be: what was live is live alone, and the error says so."""
    live = service.generation()
    service.write(env={"UNHEALTHY": "1"}, health={"http": "/healthz", "within": "1h"})
    with Client(service, "deploy") as client:
        client.await_line("prove ")
        client.tell(number)
        ended = client.ended()
    service.write(health={"http": "/healthz", "within": "60s"})
    assert ended.code == 128 + number, ended
    assert "was interrupted and undone" in ended.err
    assert f"{live} is live" in ended.err
    assert left_over(service, live) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_once_after_the_shift_it_is_finished(service: Stack, number: signal.Signals) -> None:
    """While the old generation is retired: the new one is live alone, exit status 0, and it says why."""
    live = service.generation()
    change(service)
    with Client(service, "deploy") as client:
        client.await_line("retire ")
        client.tell(number)
        ended = client.ended()
    assert ended.code == 0, ended
    assert "after the point of no return: it was finished" in ended.err
    assert service.generation() != live
    assert left_over(service, service.generation()) == []


def test_twice_it_stops_at_once(service: Stack) -> None:
    """Nothing is waited for; status says what was cut off, and the next deploy ends it."""
    live = service.generation()
    service.write(env={"START_DELAY": "20000"})
    with Client(service, "deploy") as client:
        client.await_line("prove ")
        client.tell(signal.SIGINT)
        time.sleep(0.1)
        client.tell(signal.SIGINT)
        ended = client.ended()
        eventually(lambda: not client.family(), PATIENCE)
    assert ended.code == 130, ended
    # The first may have ended the update by now: then the second ends what undoes it.
    assert re.search("interrupted (twice|while it was undone)", ended.err), ended
    assert service.generation() == live
    cut = service.rehouse_json("status")["interrupted"]
    assert cut["step"] in ("prove", "raise", "shift"), cut
    change(service)
    assert service.rehouse("deploy").returncode == 0
    assert service.generation() != live
    assert left_over(service, service.generation()) == []


def test_a_canary_waits_where_it_was(service: Stack) -> None:
    """Between two steps a signal ends the command and not the rollout: abort undoes it, as it says."""
    live = service.generation()
    service.spec["rollout"] = {"strategy": "canary", "steps": [30], "pause": "10m"}
    change(service)
    with Client(service, "deploy") as client:
        client.await_line("shift  web-router-traffic done")
        eventually(lambda: bool(service.ledger()["progress"]), PATIENCE)
        time.sleep(1)
        client.tell(signal.SIGTERM)
        ended = client.ended()
    assert ended.code == 143, ended
    assert "interrupted between two steps" in ended.err
    assert "rehouse abort" in ended.err
    assert service.rehouse("abort").returncode == 0
    del service.spec["rollout"]
    assert left_over(service, live) == []


def test_a_terminal_that_is_closed_leaves_nothing_half(service: Stack) -> None:
    """The session's end is a signal like the others, and nobody hears what is said of it."""
    live = service.generation()
    service.write(env=SLOW)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "deploy"],
        cwd=service.folder,
        env=service.environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as process:
        os.close(theirs)
        eventually(lambda: any(name.endswith("-gate") for name in service.pending()), PATIENCE)
        os.close(ours)
        assert process.wait(PATIENCE) == 128 + signal.SIGHUP
    assert left_over(service, live) == []


@pytest.mark.parametrize(
    "script",
    ["deploy | head --lines 0", "deploy --json >&-", "deploy >&- 2>&- <&-", "deploy 2>/dev/full"],
)
def test_nobody_has_to_read_what_it_says(service: Stack, script: str) -> None:
    """Closed streams and readers that have gone change nothing of a rollout, nor its exit status."""
    live = service.generation()
    change(service)
    assert in_bash(service, script) == 0
    assert service.generation() != live
    assert left_over(service, service.generation()) == []
    assert in_bash(service, "status | head --lines 0") == 0


def in_bash(stack: Stack, script: str) -> int:
    words = ["bash", "-o", "pipefail", "-c", f"{COMMAND} {script}"]
    return subprocess.run(
        words, cwd=stack.folder, env=stack.environment(), timeout=PATIENCE
    ).returncode
