"""What is said of who is in the way, and what is done about it."""

# ruff: noqa: SIM300

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rehouse.cli.state import contest
from rehouse.cli.state.contest import won
from rehouse.cli.state.locks import Lock
from rehouse.cli.state.store import Folder
from rehouse.components.errors import Contested
from tests.unit.engines import HERE, NOBODY, engine, killed


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contest, "PAUSE", 0)


def test_the_lock_of_a_dead_process_is_no_obstacle(tmp_path: Path, capsys):
    """It is broken once, and it is said whose it was."""
    lock = held_by(killed(), tmp_path)
    assert "done" == won(Attempt(tmp_path).made, lambda: left(lock), str)
    told = " ".join(capsys.readouterr().err.split())
    assert f"broke the lock of ci@{HERE} (pid {lock.pid}, for 0 s): that process is dead" == told


def test_a_holder_who_lives_is_named(tmp_path: Path):
    """With process and age."""
    with engine() as living:
        lock = held_by(living.pid, tmp_path)
        told = refused(tmp_path, lock)
    assert f"is held by ci@{HERE} (pid {lock.pid}, for 0 s); that process lives" == told.what


def test_one_of_whom_nothing_is_known_is_left_alone(tmp_path: Path):
    """It is said why, and what to type once a person knows more."""
    lock = held_by(NOBODY, tmp_path)
    told = refused(tmp_path, lock)
    assert told.what.endswith("no rehouse of this machine or container is known to have begun it")
    assert told.fix.endswith("rehouse unlock")
    assert [lock] == left(lock)


class Attempt:
    """It needs the stack for itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def made(self) -> str:
        if list(self._folder.iterdir()):
            raise Contested("stack", "is held", "wait")
        return "done"


def refused(folder: Path, lock: Lock) -> Contested:
    with pytest.raises(Contested) as raised:
        won(Attempt(folder).made, lambda: left(lock), lambda: "test")
    return raised.value


def held_by(pid: int, folder: Path) -> Lock:
    (folder / "lock").write_text("{}")
    return Lock(Folder(folder), "lock", "ci", HERE, pid, datetime.now(UTC))


def left(lock: Lock) -> list[Lock]:
    return [lock] if lock.store.read(lock.key) is not None else []
