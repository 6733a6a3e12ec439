"""Several who want one stack: exactly one wins, the others say who has it, and nobody who is dead keeps it.

How many rounds of 2, 4 and 8 at once: ROUNDS. SOAK=1: 100.
"""

import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.aftermath import left_over, lock_files
from tests.e2e.clients import PATIENCE, Client, Ended, temporary
from tests.e2e.estate import Stack, standing
from tests.e2e.kills import change

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(14_400)]
ROUNDS = int(os.environ.get("ROUNDS", "100" if os.environ.get("SOAK") else "3"))
SIZES = (2, 4, 8)
NONE = 2**22 + 1  # no process has such a number
SLOW = {"START_DELAY": "4000"}  # so long the winner has it at least: the others come meanwhile
HOLDER = re.compile(r"is held by \S+@\S+ \(pid \d+, for \d+ (s|min)\)")
CHANGER = re.compile(r"somebody else has changed it: serial number .*; \S+@\S+ raised web-")


@pytest.fixture
def service(stack: Stack) -> Stack:
    temporary(stack)
    stack.spec["replicas"] = 2
    stack.spec["health"] = {"http": "/healthz", "within": "15m"}
    stack.up_or_fail()
    return stack


def test_of_several_deploys_at_once_exactly_one_wins(service: Stack) -> None:
    """Each of another generation, from a checkout of its own; the losers exit 12 and say who has won."""
    step = serials_of_a_deploy(service)
    outcomes: list[str] = []
    for number, size in zip(range(ROUNDS), itertools.cycle(SIZES)):
        before, live = service.ledger()["serial"], service.generation()
        ended = at_once(service, number, size)
        winners = [each for each in ended if each.code == 0]
        assert len(winners) == 1, ended
        assert [each for each in ended if each.code and not names_the_winner(each)] == []
        assert service.ledger()["serial"] == before + step
        assert service.generation() != live
        assert left_over(service, service.generation()) == []
        outcomes += [f"{size} at once: 1 won, {len(ended) - 1} exit 12"]
    for text in dict.fromkeys(outcomes):
        print(f"{outcomes.count(text)} rounds, {text}")


def test_deploys_of_different_services_run_side_by_side(tmp_path: Path) -> None:
    """Four stacks at once: each is deployed, none waits for a lock."""
    with contextlib.ExitStack() as stacks:
        made = [stacks.enter_context(standing(tmp_path / str(number))) for number in range(4)]
        for each in made:
            temporary(each)
            each.write(env=SLOW)
        clients = [stacks.enter_context(Client(each, "deploy")) for each in made]
        assert [client.ended().code for client in clients] == 4 * [0]
        assert all(each.serves() for each in made)


@pytest.mark.parametrize("alone", [False, True], ids=["command", "engine"])
def test_a_living_holder_is_named_and_left_alone(service: Stack, alone: bool) -> None:
    """Exit 12 with user, host, process and age, and what to type; also where only the engine lives."""
    service.write(env={"START_DELAY": "600000"})
    with Client(service, "deploy") as client:
        client.await_line("prove ")
        if alone:
            client.kill()
        [facts] = [json.loads(file.read_text()) for file in lock_files(service)]
        second = service.rehouse("deploy", "--json", timeout=PATIENCE)
        status = service.rehouse_json("status")
        assert facts["pid"] in client.family()
    error, holder = json.loads(second.stdout)["error"], f"{facts['username']}@{facts['hostname']} "
    assert (second.returncode, error["code"]) == (12, 12)
    assert HOLDER.search(error["what"]), error
    assert f"is held by {holder}(pid {facts['pid']}" in error["what"]
    assert "rehouse unlock" in error["fix"]
    assert [each.startswith(holder) for each in status["holders"]] == [True]
    assert status["interrupted"] is None
    change(service)
    assert service.rehouse("deploy", timeout=PATIENCE).returncode == 0
    assert left_over(service, service.generation()) == []


def test_the_lock_of_a_dead_process_is_broken_by_itself(service: Stack) -> None:
    """Also where its number belongs to another process by now; it is said whose it was."""
    for is_reborn in (False, True):
        lock = stale(service)
        with subprocess.Popen(["sleep", "1000"]) as later:
            if is_reborn:
                reborn(service, lock, later.pid)
            ended = service.rehouse("deploy", timeout=PATIENCE)
            later.kill()
        assert ended.returncode == 0, ended
        assert re.search(r"broke the lock of \S+@\S+ \(pid \d+", ended.stderr)
        assert left_over(service, service.generation()) == []


@pytest.mark.parametrize("facts", [{"hostname": "elsewhere"}, {"pid": os.getpid()}, {"pid": NONE}])
def test_a_lock_that_may_be_alive_is_never_broken(service: Stack, facts: dict[str, Any]) -> None:
    """Of another host, or of a process that nobody here has begun, seen or not: exit 12, and nothing has changed."""
    lock = stale(service)
    rewrite(lock, **facts)
    before = service.unchanged()
    ended = service.rehouse("deploy", timeout=PATIENCE)
    assert (ended.returncode, bool(HOLDER.search(ended.stderr))) == (12, True), ended
    assert str(next(iter(facts.values()))) in ended.stderr
    assert "rehouse unlock" in ended.stderr
    assert (service.unchanged(), lock_files(service)) == (before, [lock])
    lock.unlink()
    assert service.rehouse("deploy", timeout=PATIENCE).returncode == 0


def serials_of_a_deploy(stack: Stack) -> int:
    """By how much the number of the ledger rises when nobody else is there."""
    before = stack.ledger()["serial"]
    change(stack)
    assert stack.rehouse("deploy", timeout=PATIENCE).returncode == 0
    return int(stack.ledger()["serial"]) - int(before)


def at_once(stack: Stack, number: int, size: int) -> list[Ended]:
    """So many deploys, each of another generation."""
    with contextlib.ExitStack() as clients:
        started = [
            clients.enter_context(Client(stack, "deploy", folder=folder))
            for folder in [checkout(stack, f"{number}-{each}") for each in range(size)]
        ]
        return [client.ended() for client in started]


def checkout(stack: Stack, name: str) -> Path:
    """The project once more, as another runner of CI has it, with something else to deploy."""
    stack.write(env={**SLOW, "CONTENDER": name})
    folder = stack.folder / "contenders" / name
    folder.mkdir(parents=True)
    for file in ("Pulumi.yaml", "Pulumi.test.yaml"):
        shutil.copy(stack.folder / file, folder)
    shutil.copytree(stack.folder / "stacks", folder / "stacks")
    return folder


def names_the_winner(ended: Ended) -> bool:
    return ended.code == 12 and bool(HOLDER.search(ended.err) or CHANGER.search(ended.err))


def stale(stack: Stack) -> Path:
    """The lock of an engine that was killed."""
    change(stack)
    with Client(stack, "deploy") as client:
        client.await_line("raise ")
        client.vanish()
    [lock] = lock_files(stack)
    return lock


def reborn(stack: Stack, lock: Path, pid: int) -> None:
    """The number of whoever made it belongs to this process by now."""
    was = json.loads(lock.read_text())["pid"]
    [record] = stack.local.rglob(f"*.{was}.json")
    rewrite(record, pid=pid)
    record.rename(record.with_name(record.name.replace(f".{was}.", f".{pid}.")))
    rewrite(lock, pid=pid)


def rewrite(file: Path, **facts: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **facts}))
