"""Disks are found again by content, belong to one maker at a time, and do not fill the machine."""

import json
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from rehouse.oci import shelf as shelves
from rehouse.oci.config import ImageConfig, RootDisk
from rehouse.oci.shelf import Shelf
from rehouse.oci.squash import FORMAT

ONE, TWO, LISTED = (f"sha256:{each * 64}" for each in "12f")
DAY = 24 * 3600


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return Shelf()


def put(
    shelf: Shelf, image_id: str, content: bytes = b"disk", digests: tuple[str, ...] = ()
) -> RootDisk:
    made = shelf.folder / "made"
    made.write_bytes(content)
    disk = RootDisk(
        path=shelf.path(image_id),
        format=FORMAT,
        image_id=image_id,
        digests=digests,
        sha256="0" * 64,
        size=len(content),
        config=ImageConfig(platform="linux/amd64"),
    )
    with shelf.alone(image_id):
        return shelf.put(made, disk)


def used(shelf: Shelf, image_id: str, days_ago: float) -> None:
    at = time.time() - days_ago * DAY
    for path in shelf.folder.glob(f"{image_id.partition(':')[2]}.*"):
        os.utime(path, (at, at))


def names(shelf: Shelf) -> list[str]:
    return sorted(path.name for path in shelf.folder.iterdir())


def test_a_disk_is_found_by_its_id_and_by_every_digest_it_came_by(shelf: Shelf) -> None:
    disk = put(shelf, ONE)
    with shelf.alone(ONE):
        shelf.take(ONE, (LISTED,))
    again = disk.model_copy(update={"digests": (LISTED,)})
    assert [shelf.find(each, "amd64") for each in (ONE, LISTED, TWO)] == [again, again, None]


def test_a_list_s_digest_means_the_disk_for_this_processor_only(shelf: Shelf) -> None:
    put(shelf, ONE, digests=(LISTED,))
    assert shelf.find(LISTED, "arm64") is None


def test_a_disk_can_be_read_only_and_its_folder_is_its_user_s(shelf: Shelf) -> None:
    """What is in the image may be nobody else's business."""
    disk = put(shelf, ONE)
    assert (disk.path.stat().st_mode & 0o777, shelf.folder.stat().st_mode & 0o777) == (0o444, 0o700)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 1}', "null", "\udcff"])
def test_what_is_damaged_is_as_if_it_were_not_there(shelf: Shelf, damage: str) -> None:
    disk = put(shelf, ONE)
    disk.path.with_suffix(".json").write_bytes(damage.encode("utf-8", "surrogateescape"))
    assert shelf.find(ONE, "amd64") is None


def test_a_disk_that_is_cut_or_of_another_version_is_not_there(shelf: Shelf) -> None:
    cut, old = put(shelf, ONE), put(shelf, TWO)
    cut.path.chmod(0o600)
    cut.path.write_bytes(b"dis")
    note = old.path.with_suffix(".json")
    note.write_text(json.dumps({**json.loads(note.read_text()), "format": FORMAT - 1}))
    assert (shelf.find(ONE, "amd64"), shelf.find(TWO, "amd64")) == (None, None)


def test_locks_do_not_stay(shelf: Shelf) -> None:
    put(shelf, ONE)
    shelf.find(ONE, "amd64")
    shelf.tidy()
    assert names(shelf) == [f"{'1' * 64}.json", f"{'1' * 64}.squashfs"]


def test_those_used_last_are_kept(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for again counts as used."""
    monkeypatch.setattr(shelves, "MOST_BYTES", 10)
    for image_id, days in ((ONE, 9), (TWO, 5)):
        put(shelf, image_id, b"six---")
        used(shelf, image_id, days)
    assert shelf.find(ONE, "amd64")
    shelf.tidy()
    assert (shelf.find(ONE, "amd64") is None, shelf.find(TWO, "amd64") is None) == (False, True)


def test_what_was_used_within_a_day_stays_however_large_it_is(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "MOST_BYTES", 1)
    put(shelf, ONE)
    put(shelf, TWO)
    used(shelf, TWO, 0.9)
    shelf.tidy()
    assert len(names(shelf)) == 4


def test_what_somebody_holds_stays(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "MOST_BYTES", 1)
    put(shelf, ONE)
    used(shelf, ONE, 9)
    with shelf.alone(ONE):
        shelf.tidy()
        assert len(names(shelf)) == 3
    shelf.tidy()
    assert names(shelf) == []


def test_a_disk_without_its_note_is_removed_when_it_is_old(shelf: Shelf) -> None:
    """Its maker was killed between the two; a young one may be about to get it."""
    for image_id, days in ((ONE, 9), (TWO, 0)):
        put(shelf, image_id).path.with_suffix(".json").unlink()
        used(shelf, image_id, days)
    shelf.tidy()
    assert names(shelf) == [f"{'2' * 64}.squashfs"]


def _adds(folder: Path, times: int) -> None:
    os.environ["XDG_CACHE_HOME"] = str(folder)
    for _ in range(times):
        with Shelf().alone(ONE):
            count = int((folder / "count").read_text())
            time.sleep(0.0005)
            (folder / "count").write_text(str(count + 1))


def test_only_one_process_at_a_time_has_a_disk(shelf: Shelf, tmp_path: Path) -> None:
    """Also while the lock's file goes and comes again."""
    (tmp_path / "count").write_text("0")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_adds, args=(tmp_path, 50)) for _ in range(4)]
    for each in processes:
        each.start()
    for each in processes:
        each.join()
    assert (tmp_path / "count").read_text() == "200"
