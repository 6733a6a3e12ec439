"""The boot kit's thinking parts: what is taken, in which order, and where it is put."""

import gzip
import json

import pytest

from rehouse.components.errors import OutOfReach
from rehouse.kit import golang, making, store
from rehouse.kit.cpio import archive
from rehouse.kit.disk import configuration_disk
from rehouse.kit.kernel import vmlinux
from rehouse.kit.modules import in_order, modules_of, unsigned
from rehouse.kit.packages import Package

ELF = b"\x7fELF and so on"
PACKAGE = Package("linux-image-1-cloud-amd64", "1", "ab", "")


def bzimage(payload: bytes) -> bytes:
    """A kernel for x86 with one sector of setup, as far as it is looked at."""
    head = bytearray(1024)
    head[0x1F1] = 1
    head[0x202:0x208] = b"HdrS\x08\x02"
    head[0x248:0x24C] = (0).to_bytes(4, "little")
    head[0x24C:0x250] = (len(payload) + 4).to_bytes(4, "little")
    return bytes(head) + payload + len(ELF).to_bytes(4, "little") + b"what follows"


def test_the_kernel_is_taken_out_of_its_packing():
    """The ELF file inside a vmlinuz comes out, without what follows it."""
    assert vmlinux(bzimage(gzip.compress(ELF))) == ELF


@pytest.mark.parametrize(
    "image", [b"MZ" + bytes(2000), bzimage(b"odd packing"), bzimage(gzip.compress(b"no"))]
)
def test_a_kernel_of_another_kind_is_told(image):
    """What is not a kernel, or is packed in another way, is an error with a way out."""
    with pytest.raises(OutOfReach, match="kit: vmlinuz") as error:
        vmlinux(image)
    assert "Debian" in error.value.fix


@pytest.fixture
def modules(tmp_path):
    """net needs bus and ring, blk needs ring, ring needs base, and base is built in."""
    for name, needs in {
        "a/net": "bus,ring",
        "b/blk": "ring",
        "ring": "base",
        "virtio-bus": "",
        "bus": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.ko").write_bytes(b"ELF\0depends=" + needs.encode() + b"\0name=x\0")
    (tmp_path / "modules.builtin").write_text("kernel/lib/base.ko\n")
    return modules_of(tmp_path)


def test_modules_come_after_those_that_they_need(modules):
    """Each module once, after what it depends on, and nothing that the kernel has built in."""
    assert list(in_order(modules, ("blk", "net", "base", "ring"))) == ["ring", "blk", "bus", "net"]


def test_a_file_with_a_hyphen_is_a_module_with_an_underscore(modules):
    """Modules are asked for by their name, which is not quite that of their file."""
    assert list(in_order(modules, ("virtio_bus",))) == ["virtio_bus"]


def test_a_module_that_is_missing_is_named(modules):
    """A kernel without a module that a guest needs is refused."""
    with pytest.raises(OutOfReach, match="no module usb"):
        in_order(modules, ("usb",))


def test_signatures_are_left_out():
    """Of a signed module, what is in front of its signature."""
    tail = b"signature" + bytes(8) + (9).to_bytes(4, "big") + b"~Module signature appended~\n"
    assert unsigned(b"module" + tail) == b"module"
    assert unsigned(b"module") == b"module"


def test_an_archive_is_of_no_time_and_no_place():
    """The same files give the same bytes in whatever order they come, and they are root's."""
    files = {"init": b"program", "modules/a.ko": b"module"}
    one = archive(files, ("modules",), frozenset({"init"}))
    other = archive(dict(reversed(files.items())), ("modules",), frozenset({"init"}))
    assert one == other
    assert [part[110:].split(b"\0")[0] for part in _entries(one)] == [
        b"init",
        b"modules",
        b"modules/a.ko",
        b"TRAILER!!!",
    ]
    assert [part[14:22] for part in _entries(one)] == [
        b"000081ed",
        b"000041ed",
        b"000081a4",
        b"00000000",
    ]


def _entries(packed):
    return [b"070701" + part for part in packed.split(b"070701")[1:]]


def test_a_configuration_disk_has_whole_sectors():
    """Magic, length and JSON, with secrets as base64 because they may be any bytes."""
    disk = configuration_disk({"hostname": "web"}, {"KEY": "värde"})
    length = int.from_bytes(disk[8:16], "big")
    assert (disk[:8], len(disk) % 512) == (b"REHOUSE1", 0)
    assert json.loads(disk[16 : 16 + length]) == {"hostname": "web", "secrets": {"KEY": "dsOkcmRl"}}


def test_a_kit_is_kept_by_its_content(tmp_path):
    """What was made from the same inputs is found again; other inputs that give the same bytes are the same kit."""
    files = {"vmlinux": b"kernel", "initramfs": b"first root"}
    made = store.keep(tmp_path, "one", files, {"command_line": "quiet"})
    assert made == store.made_from(tmp_path, "one")
    assert store.made_from(tmp_path, "two") is None
    assert made == store.keep(tmp_path, "two", files, {"command_line": "quiet"})
    assert made == store.made_from(tmp_path, "two")
    assert made.name != store.keep(tmp_path, "three", files, {"command_line": "loud"}).name
    assert len(list(tmp_path.iterdir())) == 2
    assert (made.command_line, made.kernel.read_bytes()) == ("quiet", b"kernel")


@pytest.mark.parametrize("harm", ["initramfs", "manifest.json"])
def test_a_kit_that_somebody_has_changed_is_none(tmp_path, harm):
    """A damaged kit is not found, and is whole again after it was made again."""
    files = {"vmlinux": b"kernel", "initramfs": b"first root"}
    made = store.keep(tmp_path, "one", files, {})
    (made.folder / harm).write_bytes(b"{}")
    assert store.made_from(tmp_path, "one") is None
    assert made == store.keep(tmp_path, "one", files, {})
    assert made == store.made_from(tmp_path, "one")


def test_a_kit_is_made_once(tmp_path, monkeypatch):
    """The second time nothing is fetched or built."""
    said: list[str] = []
    made: list[int] = []

    def make(*_):
        made.append(1)
        return {"vmlinux": b"x"}, {}

    monkeypatch.setattr(making, "_kernel_package", lambda: PACKAGE)
    monkeypatch.setattr(making, "_made", make)
    monkeypatch.setattr(golang, "find", lambda: "go")
    monkeypatch.setattr(golang, "version", lambda _: "go1.99")
    first = making.kit(tmp_path, said.append)
    assert (first, [1], 1) == (making.kit(tmp_path, said.append), made, len(said))


@pytest.mark.parametrize(
    ("found", "enough"),
    [("go1.21.5", True), ("go1.22rc1", True), ("go2.0", True), ("go1.19", False), (None, False)],
)
def test_an_old_go_is_not_taken(found, enough):
    """Go is taken by what it says of itself."""
    assert enough == golang.is_new_enough(found)


def test_without_apt_or_go_the_way_out_is_told(tmp_path, monkeypatch):
    """A machine without Go, or one that is not Debian, is told what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(golang, "_USUAL", tmp_path / "go")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(OutOfReach, match="install Go"):
        making.kit(tmp_path, print)
    monkeypatch.setattr(golang, "find", lambda: "go")
    with pytest.raises(OutOfReach, match="apt-cache, which is not here"):
        making.kit(tmp_path, print)
