"""What a layer's tar says is read whole, or refused; nothing in between."""

import subprocess
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehouse.oci import layers
from rehouse.oci.faults import Malformed
from rehouse.oci.layers import Entry, entries
from rehouse.oci.stream import write_tar
from rehouse.oci.tree import merged
from tests.unit.oci_images import Item, laid, layer
from tests.unit.test_oci_tree import files, read

CAPABILITY = b"\x01\0\0\x02\0\x84\0\0\0\0\0\0\0\0\0\0\0\0\0\xff".decode("utf-8", "surrogateescape")
TYPICAL = layer(
    "d/", Item("d/long" + "g" * 200, b"x" * 3000), Item("c", b"1", xattrs={"user.a": "b"})
)


def one(folder: Path, item: Item) -> Entry:
    (found,) = entries(*laid(folder, layer(item)))
    return found


def test_owners_modes_times_and_capabilities_come_through(tmp_path: Path) -> None:
    """Large numbers, setuid, bytes that are no text, a name that is no UTF-8; the time in whole seconds."""
    item = Item(
        "caf\udce9",
        b"1",
        mode=0o6755,
        uid=3_000_000,
        gid=2**32 - 1,
        mtime=5.75,
        xattrs={"security.capability": CAPABILITY},
    )
    (tar,) = laid(tmp_path, layer(item))
    (found,) = read(merged([tar])).values()
    seen = (
        found.name,
        found.mode,
        found.uid,
        found.gid,
        found.mtime,
        found.pax_headers["SCHILY.xattr.security.capability"],
    )
    assert seen == ("caf\udce9", 0o6755, 3_000_000, 2**32 - 1, 5, CAPABILITY)


def test_attributes_of_the_machine_that_built_it_are_left_out(tmp_path: Path) -> None:
    names = ("security.selinux", "trusted.overlay.opaque", "system.posix_acl_access", "user.kept")
    assert one(tmp_path, Item("a", xattrs=dict.fromkeys(names, "y"))).xattrs == (
        ("user.kept", "y"),
    )


@pytest.mark.parametrize(("time", "kept"), [(-5.0, 0), (2.0**40, 2**32 - 1)])
def test_times_are_what_a_squashfs_can_hold(tmp_path: Path, time: float, kept: int) -> None:
    assert one(tmp_path, Item("a", mtime=time)).mtime == kept


@pytest.mark.parametrize("style", ["gnu", "0.0", "0.1", "1.0"])
def test_files_with_holes_are_filled(tmp_path: Path, style: str) -> None:
    """In each way in which GNU tar leaves holes out."""
    (tmp_path / "holes").write_bytes(b"")
    with (tmp_path / "holes").open("r+b") as file:
        for place in (100_000, 2_000_000):
            file.seek(place)
            file.write(b"data")
        file.truncate(3_000_000)
    way = ["--format=gnu"] if style == "gnu" else ["--format=pax", f"--sparse-version={style}"]
    subprocess.run(["tar", "-cSf", "0.tar", *way, "holes"], cwd=tmp_path, check=True)
    assert (tmp_path / "0.tar").stat().st_size < 200_000
    assert files(merged([tmp_path / "0.tar"])) == {"holes": (tmp_path / "holes").read_bytes()}


def test_holes_cannot_make_the_disk_larger_than_allowed(tmp_path: Path) -> None:
    (tmp_path / "hole").touch()
    with (tmp_path / "hole").open("r+b") as file:
        file.truncate(1 << 40)
    subprocess.run(["tar", "-cSf", "0.tar", "hole"], cwd=tmp_path, check=True)
    with pytest.raises(Malformed), (tmp_path / "out").open("wb") as out:
        write_tar(merged([tmp_path / "0.tar"]), out, 1 << 30)


def test_entries_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "MOST_ENTRIES", 2)
    assert len(list(entries(*laid(tmp_path, layer("a"))))) == 1
    with pytest.raises(Malformed, match="more than 2 entries"):
        list(entries(*laid(tmp_path, layer("a", "b", "c"))))


@pytest.mark.parametrize("raw", [b"", bytes(1024), bytes(10240)])
def test_an_empty_layer_brings_nothing(tmp_path: Path, raw: bytes) -> None:
    assert list(entries(*laid(tmp_path, raw))) == []


def test_what_follows_a_damaged_header_is_not_lost_unsaid(tmp_path: Path) -> None:
    first, second = layer("a"), bytearray(layer("b"))
    second[0] ^= 1
    with pytest.raises(Malformed, match="makes no sense at byte 512"):
        list(entries(*laid(tmp_path, first[:512] + bytes(second))))


@pytest.mark.parametrize("size", ["-1024", "-1", "9" * 30, str(2**63 - 1), str(2**63 - 5000)])
def test_impossible_sizes_end_it(tmp_path: Path, size: str) -> None:
    """Also one that would send the reader backwards, to the same entry again and again."""
    info = Item("a").info()
    info.pax_headers = {"size": size}
    with pytest.raises(Malformed):
        list(entries(*laid(tmp_path, info.tobuf(tarfile.PAX_FORMAT) + bytes(1024))))


def _sparse() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "hole").touch()
        with (Path(folder) / "hole").open("r+b") as file:
            file.seek(100_000)
            file.write(b"data")
        command = ["tar", "-cSf", "-", "--format=pax", "--sparse-version=1.0", "hole"]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout[:6144]


DAMAGEABLE = {"typical": TYPICAL[:6144], "sparse": _sparse()}


@pytest.mark.parametrize("sound", DAMAGEABLE.values(), ids=DAMAGEABLE)
@given(st.integers(0, 6143), st.binary(min_size=1, max_size=40), st.booleans())
def test_a_damaged_layer_is_read_or_refused(
    sound: bytes, place: int, damage: bytes, cut: bool
) -> None:
    """Never anything else: no other error, no endless loop."""
    raw = sound[:place] + damage + (b"" if cut else sound[place + len(damage) :])
    with tempfile.TemporaryDirectory() as folder:
        (tar,) = laid(Path(folder), raw)
        with suppress(Malformed):
            read(merged([tar]))
