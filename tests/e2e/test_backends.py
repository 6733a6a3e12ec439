"""What a command promises, it promises wherever the state is kept: in a folder, and in PostgreSQL."""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.load import Load
from lab.postgres import Postgres
from rehouse.cli.state.locks import Lock, locks_in
from tests.e2e.backends import database, overwrite
from tests.e2e.estate import COMMAND, REGISTRY, Stack, eventually, standing

pytestmark = pytest.mark.e2e
SICK = {"env": {"HEALTH_500": "1"}, "health": {"http": "/healthz", "within": "1500ms"}}
SLOW = {"env": {"START_DELAY": "6000"}, "health": {"http": "/healthz", "within": "60s"}}
PASSWORD = "rehouse-e2e-password"


@pytest.fixture(params=["folder", "postgres"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    """A stack whose state is kept there."""
    url = None if request.param == "folder" else database(request.getfixturevalue("server"))
    with standing(tmp_path, url) as stack:
        yield stack


@pytest.fixture
def in_table(server: Postgres, tmp_path: Path) -> Iterator[Stack]:
    with standing(tmp_path, database(server)) as stack:
        yield stack


def test_deploy_history_and_rollback(kept: Stack) -> None:
    """Deployed, replaced, rolled back, under load: 0 failed; status and history say so; `up` has nothing to do."""
    kept.write()
    assert kept.rehouse("deploy").returncode == 0
    first = kept.generation()
    with Load(kept.url, rate=20) as load:
        kept.write(image=f"{REGISTRY}/example:2")
        assert kept.rehouse("deploy").returncode == 0
        second = kept.generation()
        assert kept.up_or_fail().changes() == {}
        assert kept.rehouse("rollback").returncode == 0
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report
    assert kept.rehouse_json("status")["live"] == [first] == [kept.generation()]
    known = {each["name"] for each in kept.rehouse_json("history")["generations"]}
    assert known == {first, second}


def test_a_failing_deploy_is_undone(kept: Stack) -> None:
    """Exit 10, the reason kept in the state, the old generation the same processes, nothing else left."""
    kept.write()
    assert kept.rehouse("deploy").returncode == 0
    before = kept.unchanged()
    kept.write(**SICK)
    failed = kept.rehouse("deploy")
    assert failed.returncode == 10, failed.stderr
    assert "500 Internal" in failed.stderr
    assert kept.unchanged() == before
    assert len(kept.rehouse_json("status")["quarantined"]) == 1


def test_whoever_comes_second_is_told_who_holds_the_stack(kept: Stack) -> None:
    """Exit 12 with user, host and process of the first, which goes on and wins."""
    kept.write()
    assert kept.rehouse("deploy").returncode == 0
    with deploying(kept) as first:
        [lock] = locks(kept)
        with paused(lock):
            assert_contested(kept, f"root@{socket.gethostname()} (pid {lock.pid}, for ")
        assert first.wait(90) == 0
    assert locks(kept) == []


def test_without_a_driver_the_engine_says_who_holds_the_stack(in_table: Stack) -> None:
    """Exit 12, in the engine's words: user, host and process; the backend's password is not among them."""
    without = in_table.folder / "without"
    without.mkdir()
    (without / "psycopg.py").write_text("raise ImportError")
    in_table.write()
    assert in_table.rehouse("deploy").returncode == 0
    with deploying(in_table) as first:
        [lock] = locks(in_table)
        in_table.variables = {
            "PYTHONPATH": str(without),
            "PULUMI_BACKEND_URL": in_table.state.replace("@", f":{PASSWORD}@"),
        }
        with paused(lock):
            contested = in_table.rehouse("deploy")
        in_table.variables = {}
        assert contested.returncode == 12, contested.stderr
        assert f"root@{socket.gethostname()} (pid {lock.pid})" in contested.stderr
        assert PASSWORD not in contested.stdout + contested.stderr
        assert first.wait(90) == 0


def test_a_killed_deploy_is_finished_by_the_next(kept: Stack) -> None:
    """The dead one's lock is broken, its creations are ended: 0 failed, one generation stands, no orphan, no lock."""
    kept.write()
    assert kept.rehouse("deploy").returncode == 0
    first = kept.generation()
    with Load(kept.url, rate=20) as load:
        with deploying(kept) as killed:
            [lock] = locks(kept)
            kill(killed, lock)
        again = kept.rehouse("deploy")
    assert again.returncode == 0, again.stderr
    assert f"broke the lock of root@{socket.gethostname()} (pid {lock.pid}" in again.stderr
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report
    assert kept.generations() == {kept.generation()} != {first}
    assert len(kept.containers()) == 2
    assert (locks(kept), kept.pending()) == ([], [])


def test_a_lock_of_another_machine_is_left_alone(kept: Stack) -> None:
    """Nobody can prove from here that its process is dead: exit 12, and it is there still."""
    kept.write()
    assert kept.rehouse("deploy").returncode == 0
    before = kept.unchanged()
    with deploying(kept) as killed:
        [lock] = locks(kept)
        kill(killed, lock)
    elsewhere = (kept.store().read(lock.key) or b"").replace(
        socket.gethostname().encode(), b"elsewhere"
    )
    overwrite(kept, lock.key, elsewhere)
    assert_contested(kept, f"root@elsewhere (pid {lock.pid}, for ")
    assert kept.unchanged(kept.generation()) == before
    assert [each.host for each in locks(kept)] == ["elsewhere"]
    assert kept.pulumi("cancel", "--yes").code == 0
    assert kept.rehouse("deploy").returncode == 0


def assert_contested(stack: Stack, holder: str) -> None:
    contested = stack.rehouse("deploy")
    assert contested.returncode == 12, contested.stderr
    assert f"stack test: is held by {holder}" in contested.stderr
    assert "fix: " in contested.stderr


@contextlib.contextmanager
def deploying(stack: Stack) -> Iterator["subprocess.Popen[bytes]"]:
    """A command that holds the stack: its new instances take some seconds until they are well."""
    stack.write(**SLOW)
    process = subprocess.Popen(
        [COMMAND, "deploy"],
        cwd=stack.folder,
        env=stack.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: gate_is_held(stack) or process.poll() is not None, seconds=90)
        assert process.poll() is None, "it had ended before"
        yield process
    finally:
        process.terminate()
        process.wait(90)


def gate_is_held(stack: Stack) -> bool:
    return any(name.endswith("-gate") for name in stack.pending())


@contextlib.contextmanager
def paused(lock: Lock) -> Iterator[None]:
    """The engine holds it for as long as this takes."""
    os.kill(lock.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(lock.pid, signal.SIGCONT)


def kill(command: "subprocess.Popen[bytes]", lock: Lock) -> None:
    """With its engine and what that started, at once, as when a machine dies."""
    command.kill()
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(place.name)) == lock.pid:  # the engine leads a session of its own
                os.kill(int(place.name), signal.SIGKILL)


def locks(stack: Stack) -> list[Lock]:
    return locks_in(stack.store(), stack.project, "test")
