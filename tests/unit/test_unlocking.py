"""Which locks unlock takes away, and which never."""

# ruff: noqa: SIM300

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rehouse.cli.state.locks import Lock
from rehouse.cli.state.store import Folder
from rehouse.cli.state.unlocking import unlock
from rehouse.components.errors import Contested, Refused, Wrong
from tests.unit.engines import HERE, NOBODY, engine, killed


class Fake:
    """A stack that is held by these."""

    def __init__(self, *locks: Lock, kept: bool = False) -> None:
        self._locks = None if kept else list(locks)

    def locks(self) -> list[Lock] | None:
        return self._locks

    def stack_name(self) -> str:
        return "test"


def test_nothing_is_asked_where_nobody_holds_it():
    """Nothing to do is no error."""
    assert [] == unlock(Fake(), _nobody_asks)


def test_the_lock_of_a_dead_process_goes_unasked(tmp_path: Path):
    """It is proven."""
    dead = lock(tmp_path, host=HERE, pid=killed())
    assert [dead] == unlock(Fake(dead), _nobody_asks)
    assert not is_there(dead)


def test_the_lock_of_a_living_process_stays(tmp_path: Path):
    """Whatever is typed: the process is named, and how to end it."""
    with engine() as living:
        ours = lock(tmp_path, host=HERE, pid=living.pid)
        with pytest.raises(Contested) as raised:
            unlock(Fake(ours), _nobody_asks)
    assert f"kill -INT {living.pid}" in raised.value.fix
    assert is_there(ours)


def test_one_that_nobody_can_prove_dead_is_asked_for(tmp_path: Path):
    """Its machine is called like this one, and has no such process: it may still be another machine."""
    theirs = lock(tmp_path, host=HERE, pid=NOBODY)
    with pytest.raises(Wrong):
        unlock(Fake(theirs), lambda _locks: "")
    assert is_there(theirs)
    assert [theirs] == unlock(Fake(theirs), lambda _locks: f"ci@{HERE}")


def test_another_name_keeps_it(tmp_path: Path):
    """Who types it from memory may mean another lock."""
    theirs = lock(tmp_path)
    with pytest.raises(Wrong, match=r"holder: is ci@runner-7, not ann@rack1"):
        unlock(Fake(theirs), lambda _locks: "ann@rack1")
    assert is_there(theirs)


def test_the_right_name_takes_it_away(tmp_path: Path):
    """And nothing that came meanwhile."""
    theirs, later = lock(tmp_path), lock(tmp_path, name="later")
    assert [theirs] == unlock(Fake(theirs), lambda _locks: "ci@runner-7")
    assert (False, True) == (is_there(theirs), is_there(later))


def test_a_backend_that_tells_nothing_says_what_to_type():
    """Nothing is broken by guess."""
    with pytest.raises(Refused) as raised:
        unlock(Fake(kept=True), _nobody_asks)
    assert "pulumi cancel --stack test" in raised.value.fix


def lock(folder: Path, host: str = "runner-7", pid: int = 1, name: str = "lock") -> Lock:
    (folder / name).write_text("{}")
    return Lock(Folder(folder), name, "ci", host, pid, datetime.now(UTC))


def is_there(lock: Lock) -> bool:
    return lock.store.read(lock.key) is not None


def _nobody_asks(_locks: object) -> str:
    raise AssertionError("nobody should be asked")
