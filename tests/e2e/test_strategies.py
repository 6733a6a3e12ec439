"""Each strategy takes its steps, under load, and a plain update has nothing to do at any of them."""

import signal
import subprocess
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lab.load import Load
from tests.e2e.estate import COMMAND, Stack, eventually

pytestmark = pytest.mark.e2e

CANARY = {"strategy": "canary", "steps": [20, 50], "pause": "promote"}
TCP = {"tcp": True, "within": "15s"}  # passes whatever the answers are
BAD = {"UNHEALTHY": "1"}  # every answer is 500


def test_a_canary_waits_for_people_and_any_machine_goes_on(stack: Stack) -> None:
    """It has its shares of the traffic, plain updates change nothing, and the last promote leaves it alone."""
    old = deployed(stack)
    with Load(stack.url, rate=20) as load:
        first = deploy(stack, env={"N": "1"}, rollout=CANARY)
        new = first["progress"]["generation"]
        assert first["standing"] == {old: 80, new: 20}
        assert 5 <= share(stack, new) <= 15
        assert unmoved(stack)
        refused = stack.rehouse("deploy")
        assert (refused.returncode, "rehouse resume" in refused.stderr) == (12, True)
        assert stack.rehouse_json("promote")["standing"] == {old: 50, new: 50}
        assert 15 <= share(stack, new) <= 35
        assert f"{new} has 50 % of the traffic" in stack.rehouse("status").stdout
        done = stack.rehouse_json("promote")
        assert (done["standing"], done["progress"]) == ({new: 100}, None)
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report
    assert stack.generations() == {new}
    assert unmoved(stack)


def test_an_aborted_canary_is_gone_and_quarantined(stack: Stack) -> None:
    """What was live has everything again, under load; the reason is kept, and exit code 14 says so next time."""
    old = deployed(stack)
    with Load(stack.url, rate=20) as load:
        new = deploy(stack, env={"N": "1"}, rollout=CANARY)["progress"]["generation"]
        done = stack.rehouse_json("abort", "--reason", "too slow")
        assert (done["standing"], stack.generations()) == ({old: 100}, {old})
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report
    assert stack.rehouse_json("status")["quarantined"] == {new: "too slow"}
    assert unmoved(stack)
    assert stack.rehouse("deploy").returncode == 14


def test_a_paused_rollout_waits_for_a_person(stack: Stack) -> None:
    """Although its steps have a time; whoever watched it is told. It goes on when it is resumed."""
    deployed(stack)
    stack.write(env={"N": "1"}, rollout={"strategy": "canary", "steps": [10], "pause": "5m"})
    with in_background(stack, "deploy") as watching:
        eventually(lambda: stack.rehouse("pause").returncode == 0, seconds=120)
        eventually(lambda: watching.poll() == 12, seconds=120)
    assert held(stack) is True
    with in_background(stack, "resume"):
        eventually(lambda: held(stack) is False, seconds=120)
    done = stack.rehouse_json("promote")
    assert (done["progress"], len(done["live"]), done["changed"]) == (None, 1, True)


@pytest.mark.parametrize("bake", ["20s", "0s"])
def test_a_bad_generation_that_passes_its_gate_is_undone_by_what_haproxy_measures(
    stack: Stack, bake: str
) -> None:
    """At its canary's share, or while it bakes: exit code 10 says how many failed, the old one has everything."""
    old = deployed(stack, health=TCP)
    steps = {"strategy": "canary", "steps": [30], "pause": "20s"} if bake == "0s" else {}
    stack.write(env=BAD, rollout={**steps, "bake": bake})
    with asked(stack):
        failed = stack.rehouse("deploy")
    assert failed.returncode == 10, failed.stderr
    assert "requests failed" in failed.stderr
    assert f"state: {old} is live, nothing of " in failed.stderr
    assert (stack.generations(), stack.generation()) == ({old}, old)
    assert "rollout.max_errors allows 1 %" in str(stack.rehouse_json("status")["quarantined"])
    assert unmoved(stack)


def test_a_slow_generation_is_undone(stack: Stack) -> None:
    """The limit of the spec against the average that HAProxy measures."""
    old = deployed(stack, health=TCP)
    stack.write(env={"N": "1"}, rollout={"bake": "20s", "max_latency": "5ms"})
    with asked(stack, "/slow?ms=40"):
        failed = stack.rehouse("deploy")
    assert (failed.returncode, stack.generations()) == (10, {old}), failed.stderr
    assert "rollout.max_latency allows 5 ms" in failed.stderr


def test_a_rollback_while_it_bakes_is_a_shift(stack: Stack) -> None:
    """The old generation was kept: not one of its instances is started again."""
    old = deployed(stack)
    before = stack.unchanged()
    new = deploy(stack, env={"N": "1"}, rollout={**CANARY, "bake": "1h"})["progress"]["generation"]
    stack.rehouse_json("promote")
    with in_background(stack, "promote"):
        eventually(lambda: standing(stack) == {old: 0, new: 100}, seconds=120)
    done = stack.rehouse_json("rollback")
    assert (done["standing"], stack.unchanged()) == ({old: 100}, before)


def test_rolling_raises_and_retires_instance_by_instance(stack: Stack) -> None:
    """Never more than the replicas and the surge, never a lost request."""
    old = deployed(stack, replicas=3)
    counts: Counter[int] = Counter()
    over = threading.Event()
    counting = threading.Thread(target=count_instances, args=(stack, counts, over))
    with Load(stack.url, rate=20) as load:
        counting.start()
        done = deploy(stack, env={"N": "1"}, rollout={"strategy": "rolling"})
        over.set()
        counting.join()
    report = load.report()
    print(report, dict(counts))
    assert (report.failed, report.truncated) == (0, 0), report
    assert (done["progress"], old in done["standing"]) == (None, False)
    assert set(counts) == {3, 4}
    assert len(stack.containers()) == 3
    assert unmoved(stack)


def test_rolling_that_fails_on_the_way_raises_the_old_ones_again(stack: Stack) -> None:
    """It runs out of time when some are replaced: exit code 10, all instances of before serve, nothing is lost."""
    old = deployed(stack, replicas=3)
    stack.write(env={"START_DELAY": "4000"}, rollout={"strategy": "rolling", "deadline": "10s"})
    with Load(stack.url, rate=20) as load:
        failed = stack.rehouse("deploy")
    report = load.report()
    assert failed.returncode == 10, failed.stderr
    assert (report.failed, report.truncated, old in report.by_generation) == (0, 0, True), report
    assert (stack.generations(), len(stack.containers())) == ({old}, 3)
    assert unmoved(stack)


def test_recreate_stops_first(stack: Stack) -> None:
    """There are never instances of both; the command says that nothing answers meanwhile."""
    old = deployed(stack)
    seen: set[frozenset[str]] = set()
    over = threading.Event()
    looking = threading.Thread(target=see_generations, args=(stack, seen, over))
    looking.start()
    done = deploy(stack, env={"N": "1"}, rollout={"strategy": "recreate"})
    over.set()
    looking.join()
    [new] = done["live"]
    assert new != old
    assert seen <= {frozenset({old}), frozenset(), frozenset({new})}
    assert unmoved(stack)


def test_recreate_that_fails_brings_back_what_it_stopped(stack: Stack) -> None:
    """Through its gate, and exit code 10."""
    old = deployed(stack)
    health = {"http": "/healthz", "within": "2s"}
    stack.write(env=BAD, health=health, rollout={"strategy": "recreate"})
    failed = stack.rehouse("deploy")
    assert (failed.returncode, stack.generation()) == (10, old), failed.stderr
    assert stack.generations() == {old}
    assert unmoved(stack)


def test_what_failed_is_kept_to_be_looked_at(stack: Stack) -> None:
    """Without traffic, until the next deploy takes it away; a plain update leaves it."""
    old = deployed(stack)
    stack.write(env=BAD, health={"http": "/healthz", "within": "2s"})
    failed = stack.rehouse("deploy", "--keep")
    assert failed.returncode == 10
    assert "to be looked at" in failed.stderr
    assert len(stack.generations()) == 2
    assert {each.name.rpartition("-")[0] for each in stack.servers()} == {old}
    assert unmoved(stack)
    deploy(stack, env={"N": "2"})
    assert len(stack.generations()) == 1


def test_a_rollout_that_takes_too_long_is_undone(stack: Stack) -> None:
    """The deadline bounds all of it, also one update: exit code 10, and it is said."""
    old = deployed(stack)
    health = {"http": "/healthz", "within": "60s"}
    stack.write(env={"START_DELAY": "60000"}, health=health, rollout={"deadline": "8s"})
    failed = stack.rehouse("deploy")
    assert (failed.returncode, stack.generations()) == (10, {old}), failed.stderr
    assert "rollout.deadline" in failed.stderr
    assert unmoved(stack)


def deployed(stack: Stack, **spec: Any) -> str:
    """The generation that is live."""
    [live] = deploy(stack, **spec)["live"]
    return str(live)


def deploy(stack: Stack, **spec: Any) -> dict[str, Any]:
    stack.write(**spec)
    return stack.rehouse_json("deploy")


def standing(stack: Stack) -> dict[str, int]:
    return dict(stack.rehouse_json("status")["standing"])


def held(stack: Stack) -> bool:
    return bool(stack.rehouse_json("status")["progress"]["held"])


def unmoved(stack: Stack) -> bool:
    """A plain update has nothing to do."""
    return stack.up_or_fail().changes() == {}


def share(stack: Stack, generation: str, requests: int = 50) -> int:
    """How many of so many requests it answers."""
    return sum(stack.generation() == generation for _ in range(requests))


def count_instances(stack: Stack, counts: "Counter[int]", over: threading.Event) -> None:
    while not over.wait(0.1):
        counts[sum(each.status == "running" for each in stack.containers())] += 1


def see_generations(stack: Stack, seen: set[frozenset[str]], over: threading.Event) -> None:
    while not over.wait(0.05):
        seen.add(frozenset(stack.generations()))


@contextmanager
def asked(stack: Stack, path: str = "/", pause: float = 0.02) -> Iterator[None]:
    """Somebody asks, and takes any answer."""
    over = threading.Event()

    def ask() -> None:
        while not over.wait(pause):
            try:
                urllib.request.urlopen(stack.url + path, timeout=5).read()
            except (urllib.error.HTTPError, OSError):
                continue

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def in_background(stack: Stack, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A command that watches; asked to end, it leaves the rollout as it is and says so."""
    process = subprocess.Popen(
        [COMMAND, *words],
        cwd=stack.folder,
        env=stack.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=120)
    assert (process.returncode, "between two steps" in told) in ((130, True), (12, False)), told
