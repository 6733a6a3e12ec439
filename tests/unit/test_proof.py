"""An engine is called dead where it was begun here and is no more, and nowhere else."""

# ruff: noqa: SIM300

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rehouse.cli import process
from rehouse.cli.state import proof
from rehouse.cli.state.processes import is_gone
from rehouse.cli.state.proof import KEPT, begun, on_record
from tests.unit.engines import HERE, engine, killed


def test_a_process_that_runs_lives():
    """It is no proof that somebody waits for it no more."""
    with engine() as living:
        assert [(False, True)] == verdicts(living.pid)


def test_a_process_that_was_killed_is_dead():
    """There is none of that number."""
    assert [(True, False)] == verdicts(killed())


def test_one_that_ended_and_that_nobody_waits_for_is_dead():
    """Whoever started it was killed, and whoever has it now does not care."""
    with subprocess.Popen(["sleep", "1000"]) as zombie:
        with pytest.raises(InterruptedError), on_record(zombie, datetime.now(UTC)):
            raise InterruptedError
        zombie.kill()
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        assert [(True, False)] == verdicts(zombie.pid)


def test_its_number_may_belong_to_another_process_by_now(no_records: Path):
    """That one began at another time."""
    with engine() as later:
        change(no_records, ticks=lambda ticks: ticks - 1)
        assert [(True, False)] == verdicts(later.pid)


def test_a_reboot_ends_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Whatever has its number now, even at the same time after the boot."""
    with engine() as living:
        monkeypatch.setattr(proof, "BOOT", written(tmp_path / "boot", "another"))
        assert [(True, False)] == verdicts(living.pid)


@pytest.mark.parametrize("name", ["another", ""])
def test_a_boot_of_another_machine_proves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
):
    """The folder of records may be shared by two; nor does that of a machine without a name."""
    monkeypatch.setattr(proof, "MACHINE", written(tmp_path / "machine", name))
    pid = killed()
    monkeypatch.setattr(proof, "BOOT", written(tmp_path / "boot", "another"))
    monkeypatch.setattr(proof, "MACHINE", written(tmp_path / "machine", name and "this"))
    assert [(False, False)] == verdicts(pid)


def test_a_process_in_another_namespace_is_not_seen(no_records: Path):
    """Neither that it lives nor that it is dead."""
    pid = killed()
    change(no_records, space=lambda space: space + 1)
    assert [(False, False)] == verdicts(pid)


def test_where_nothing_can_be_seen_nothing_is_proven(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Without the files of /proc."""
    pid = killed()
    monkeypatch.setattr(proof, "BOOT", tmp_path / "none")
    assert [(False, False)] == verdicts(pid)


@pytest.mark.parametrize(
    ("host", "later"),
    [("elsewhere", timedelta()), (HERE, timedelta(hours=-1)), (HERE, timedelta(hours=1))],
)
def test_a_lock_that_it_cannot_have_made_says_nothing_of_it(host: str, later: timedelta):
    """Of another host, from before it began, or so long after that it had one before, or none."""
    assert {} == begun(host, killed(), datetime.now(UTC) + later)


def test_what_ends_well_is_forgotten(no_records: Path):
    """Its lock is gone; after any other end it may be there."""
    assert [] == run_and_list("", no_records)
    assert 1 == len(run_and_list("raise SystemExit(1)", no_records))
    assert 2 == len(run_and_list("import os; os.kill(os.getpid(), 9)", no_records))


def test_what_only_reads_is_not_written_down(no_records: Path):
    """It takes no lock."""
    process.run([sys.executable, "-c", "raise SystemExit(1)"], Path(), os.environ)
    assert [] == records(no_records)


def test_the_client_may_be_killed_while_the_engine_goes_on(no_records: Path):
    """It lives for whoever comes after, and is dead once it was killed as well."""
    code = "import os; from pathlib import Path; from rehouse.cli.process import run; "
    run = "run(['sleep', '1000'], Path(), os.environ, True)"
    with subprocess.Popen([sys.executable, "-c", code + run]) as client:
        eventually(lambda: all_read(no_records))
        client.kill()
    [facts] = all_read(no_records)
    assert [(False, True)] == verdicts(facts["pid"])
    os.kill(facts["pid"], signal.SIGKILL)
    eventually(lambda: is_gone(facts["pid"], facts["ticks"]))
    assert [(True, False)] == verdicts(facts["pid"])


def test_a_folder_that_cannot_be_written_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Then nothing is proven later."""
    monkeypatch.setenv("XDG_STATE_HOME", str(written(tmp_path / "file", "")))
    assert 0 == process.run([sys.executable, "-c", ""], Path(), os.environ, True).code
    assert [] == verdicts(killed())


def test_only_the_newest_are_kept(no_records: Path):
    """However many engines have failed."""
    folder = no_records / "rehouse" / "engines"
    folder.mkdir(parents=True)
    for number in range(KEPT + 10):
        written(folder / f"20200101T000000.{number:06}.1.json", "{}")
    pid = killed()
    assert KEPT == len(records(no_records))
    assert [(True, False)] == verdicts(pid)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_record_that_is_not_whole_is_none(no_records: Path, text: str):
    """The machine died while it was written."""
    pid = killed()
    [file] = records(no_records)
    file.write_text(text)
    assert [] == verdicts(pid)


def verdicts(pid: int) -> list[tuple[bool, bool]]:
    """Of each that may have a lock of this number since now: whether it is dead, and whether it lives."""
    found = begun(HERE, pid, datetime.now(UTC))
    return [(each.is_dead, each.lives) for each in found.values()]


def run_and_list(code: str, state: Path) -> list[Path]:
    process.run([sys.executable, "-c", code], Path(), os.environ, True)
    return records(state)


def records(state: Path) -> list[Path]:
    return [file for file in state.rglob("*") if file.is_file()]


def all_read(state: Path) -> list[dict[str, Any]]:
    """Those that are whole."""
    texts = [file.read_text() for file in records(state)]
    return [json.loads(text) for text in texts if text]


def change(state: Path, **facts: Callable[[Any], Any]) -> None:
    [file], [read] = records(state), all_read(state)
    file.write_text(json.dumps({**read, **{key: made(read[key]) for key, made in facts.items()}}))


def written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def eventually(is_so: Callable[[], object]) -> None:
    while not is_so():  # the run of all tests has a limit
        time.sleep(0.01)
