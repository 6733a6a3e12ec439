"""What the engine has kept: whether the state is whole, what restores it, and which locks may be broken."""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rehouse.cli.state.backend import Backend
from rehouse.cli.state.contest import break_dead
from rehouse.cli.state.damage import State, trouble
from rehouse.cli.state.locks import broken, locks_in
from rehouse.cli.state.store import Folder, store_of
from rehouse.components.errors import OutOfReach, Wrong
from tests.unit.engines import HERE, NOBODY, engine, killed

STACK = ".pulumi/stacks/shop/prod.json"
BACKUPS = ".pulumi/backups/shop/prod"
LOCKS = ".pulumi/locks/organization/shop/prod"
WHOLE = '{"version": 3, "checkpoint": {}}'


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_whole_state_is_no_trouble(store: Folder) -> None:
    put(store, STACK, WHOLE)
    assert trouble(state(store), "reason") is None


@pytest.mark.parametrize("left", ["", WHOLE[:10], "[]", "{}"])
def test_a_damaged_state_is_restored_from_the_newest_backup(store: Folder, left: str) -> None:
    put(store, STACK, left)
    put(store, f"{BACKUPS}/prod.1.json", WHOLE, age=3)
    put(store, f"{BACKUPS}/prod.2.json", WHOLE, age=2)
    assert copied(store) == f"{BACKUPS}/prod.2.json"


def test_the_command_that_restores_keeps_what_was_there(store: Folder) -> None:
    """It may have been whole after all."""
    put(store, STACK, "damaged")
    put(store, f"{BACKUPS}/prod.1.json", WHOLE, age=3)
    subprocess.run(state(store).restoring() or "false", shell=True, check=True)
    [kept] = [each.key for each in store.under(STACK) if each.key != STACK]
    assert (store.read(STACK), store.read(kept)) == (WHOLE.encode(), b"damaged")


def test_what_is_gone_is_restored_without_a_copy_of_it(store: Folder) -> None:
    put(store, f"{BACKUPS}/prod.1.json", WHOLE, age=3)
    assert len((state(store).restoring() or "").split()) == len(["cp", "this", "there"])


def test_a_backup_that_is_damaged_itself_restores_nothing(store: Folder) -> None:
    put(store, STACK, "")
    put(store, f"{BACKUPS}/prod.1.json", WHOLE, age=3)
    put(store, f"{BACKUPS}/prod.2.json", WHOLE[:10], age=2)
    assert copied(store) == f"{BACKUPS}/prod.1.json"


def test_what_an_update_wrote_last_is_newer_than_the_backup_of_the_one_before(
    store: Folder,
) -> None:
    put(store, STACK, "")
    put(store, STACK + ".bak", WHOLE, age=1)
    put(store, f"{BACKUPS}/prod.1.json", WHOLE, age=3)
    assert copied(store) == STACK + ".bak"


def test_a_ledger_that_cannot_be_read_is_not_restored_from_a_copy_of_it(store: Folder) -> None:
    """An update that failed because of it has kept it as well."""
    put(store, STACK, with_output("bad"))
    put(store, f"{BACKUPS}/prod.1.json", with_output("good"), age=3)
    put(store, f"{BACKUPS}/prod.2.json", with_output("bad"), age=2)
    assert f"{BACKUPS}/prod.1.json" in (state(store).restoring_outputs() or "")


def test_a_ledger_is_not_restored_from_before_there_was_one(store: Folder) -> None:
    """All that runs would be forgotten, and raised a second time."""
    put(store, STACK, with_output("bad"))
    put(store, STACK + ".bak", WHOLE, age=1)
    assert state(store).restoring_outputs() is None


def test_backups_of_another_stack_are_not_ours(store: Folder) -> None:
    """Their names begin alike; a state of that name that was never made is a wrong name."""
    put(store, ".pulumi/backups/shop/prod-2/prod-2.1.json", WHOLE)
    put(store, ".pulumi/stacks/shop/prod-2.json", WHOLE)
    assert isinstance(trouble(state(store), "reason"), Wrong)


def test_a_stack_that_was_made_and_is_gone_is_out_of_reach(store: Folder) -> None:
    """It is not taken for one that never was; without backups it says so."""
    error = trouble(state(store, is_meant=True), "reason")
    assert isinstance(error, OutOfReach)
    assert "kept no backup" in str(error)


def test_only_folders_and_tables_can_be_looked_at() -> None:
    assert store_of("s3://bucket") is None
    assert store_of("https://api.pulumi.com") is None


def test_a_folder_that_cannot_take_an_update_says_so(tmp_path: Path) -> None:
    with pytest.raises(OutOfReach, match="cannot be written: No such file"):
        Folder(tmp_path / "none").must_take_an_update()


def test_asking_for_room_leaves_nothing(store: Folder) -> None:
    put(store, STACK, WHOLE)
    store.must_take_an_update()
    assert [each.key for each in store.under("")] == [STACK]


def test_a_lock_of_a_living_process_stays(store: Folder) -> None:
    with engine() as living:
        put_lock(store, living.pid)
        [lock] = locks(store)
        assert (lock.is_dead, lock.lives, lock.doubt) == (False, True, "that process lives")


def test_a_lock_of_a_dead_process_is_broken_once(store: Folder) -> None:
    put_lock(store, killed())
    [lock] = locks(store)
    assert (lock.is_dead, broken(lock), broken(lock)) == (True, True, False)
    assert locks(store) == []


def test_locks_are_at_hand_where_nobody_need_be_asked(
    store: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment says which folder and which stack; otherwise it would take a process of the engine's."""
    put_lock(store, 1)
    (store.place / "Pulumi.yaml").write_text("name: shop\n")
    backend = Backend(store.place, "prod", lambda *_: pytest.fail("the engine was asked"))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    assert backend.locks_at_hand() == []
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{store.place}")
    assert [lock.pid for lock in backend.locks_at_hand()] == [1]


def test_of_several_locks_only_those_of_dead_processes_go(store: Folder) -> None:
    put_lock(store, killed())
    put_lock(store, 1, name="2.json")
    assert [lock.pid for lock in break_dead(locks(store))] == [1]
    assert [lock.pid for lock in locks(store)] == [1]


def test_what_proves_that_a_process_is_dead_goes_with_its_lock(
    store: Folder, no_records: Path
) -> None:
    put_lock(store, killed())
    assert [file for file in no_records.rglob("*") if file.is_file()]
    break_dead(locks(store))
    assert [file for file in no_records.rglob("*") if file.is_file()] == []


@pytest.mark.parametrize(
    ("host", "doubt"), [("elsewhere", "on another machine"), (HERE, "is known to have begun it")]
)
def test_a_lock_of_which_nothing_is_known_proves_nothing(
    store: Folder, host: str, doubt: str
) -> None:
    """Also where its host is called as this one is: two may be."""
    put_lock(store, NOBODY, host)
    [lock] = locks(store)
    assert (lock.is_dead, lock.lives, lock.holder) == (False, False, f"ops@{host}")
    assert lock.doubt.endswith(doubt)


def test_an_engine_that_somebody_else_has_begun_is_seen_to_live(
    store: Folder, tmp_path: Path
) -> None:
    """It is called as one, and has the number that the lock says."""
    program = tmp_path / "pulumi"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "1000"]) as process:
        put_lock(store, process.pid)
        lives = [lock.lives for lock in locks(store)]
        process.kill()
    assert lives == [True]


def test_a_lock_that_was_never_finished_may_be_broken(store: Folder) -> None:
    """The engine moves it into place when it is whole: so long as it is not, nobody holds the stack by it."""
    put(store, f"{LOCKS}/1.json.18eab.tmp", "", age=60)
    [lock] = locks(store)
    assert (lock.is_dead, lock.proof) == (True, "it was never finished")


def test_a_lock_in_place_that_cannot_be_read_is_somebodys(store: Folder) -> None:
    put(store, f"{LOCKS}/1.json", "", age=60)
    [lock] = locks(store)
    assert (lock.is_dead, lock.holder) == (False, "unknown@unknown")


@pytest.mark.parametrize("name", ["1.json", "1.json.18eab.tmp"])
def test_a_lock_that_is_being_written_is_waited_for(store: Folder, name: str) -> None:
    put(store, f"{LOCKS}/{name}", "")
    assert locks(store) == []


def state(store: Folder, *, is_meant: bool = False) -> State:
    return State(store, "shop", "prod", is_meant)


def with_output(ledger: str) -> str:
    root = {"type": "pulumi:pulumi:Stack", "outputs": {"web-ledger": ledger}}
    return json.dumps({"version": 3, "checkpoint": {"latest": {"resources": [root]}}})


def copied(store: Folder) -> str:
    """What the fix says to copy; that it goes to the right place, and what was there is kept, is looked at here."""
    error = trouble(state(store), "reason")
    assert isinstance(error, OutOfReach)
    keep, restore = error.fix.splitlines()[0].split(" && ")
    current = str(store.place / STACK)
    assert keep.split()[:2] == ["cp", current] != keep.split()[1:]
    copy, source, target = restore.split()
    assert (copy, target) == ("cp", current)
    return source.removeprefix(f"{store.place}/")


def put(store: Folder, key: str, text: str, age: float = 0) -> None:
    file = store.place / key
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    then = datetime.now(UTC).timestamp() - age
    os.utime(file, (then, then))


def put_lock(store: Folder, pid: int, host: str = HERE, name: str = "1.json") -> None:
    facts = {"pid": pid, "username": "ops", "hostname": host}
    since = datetime.now(UTC).isoformat()
    put(store, f"{LOCKS}/{name}", json.dumps({**facts, "timestamp": since}))


def locks(store: Folder):
    return locks_in(store, "shop", "prod")
