"""An image becomes a disk with exactly the files that a container of it has, wherever the image comes from."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehouse.components.errors import OutOfReach
from rehouse.components.site import Daemon
from rehouse.oci.disk import root_disk
from rehouse.oci.registry import Registry
from rehouse.oci.saved import Local
from tests.e2e.disks import (
    CAPABILITY,
    EXAMPLE,
    HERE,
    asking,
    digest_of,
    files_in,
    files_of,
    files_of_container,
    instead_of_mksquashfs,
    loaded,
    mounted,
    pushed,
    sum_of,
    use,
    whole,
)
from tests.e2e.estate import eventually

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is known from before."""
    return use(tmp_path / "cache", monkeypatch)


@pytest.fixture
def image() -> Iterator[str]:
    """Of three layers, on the Docker daemon alone; its id."""
    with loaded() as image_id:
        yield image_id


# --- the files ---------------------------------------------------------------------------------------------


def test_the_disk_has_the_files_of_a_container(image: str, tmp_path: Path) -> None:
    """Kinds, modes, owners, contents, links, devices and capabilities, through three layers."""
    disk = root_disk(image, HERE)
    found = files_of(disk, tmp_path / "root")
    assert found == files_of_container(image)
    assert (len(found), found["bin/low"].capability) == (23, CAPABILITY.encode())


def test_hard_links_are_one_file_on_the_disk(image: str, tmp_path: Path) -> None:
    files_of(root_disk(image, HERE), tmp_path / "root")
    links = {name: (tmp_path / "root" / name).stat().st_nlink for name in ("a", "b", "x", "y")}
    assert links == {"a": 1, "b": 1, "x": 2, "y": 2}


def test_the_disk_knows_how_the_image_wants_to_be_run(image: str) -> None:
    config = root_disk(image, HERE).config
    seen = (config.platform, config.entrypoint, config.user, config.stop_signal)
    assert seen == ("linux/amd64", ("/bin/root",), "9:8", "SIGQUIT")


def test_registry_and_daemon_give_the_same_disk(
    image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte, and each made from nothing; so the registry's gzip is no part of it."""
    local = root_disk(image, HERE)
    with pushed(image, "layers") as name:
        use(tmp_path / "other", monkeypatch)
        published = root_disk(name, Registry())
    assert published.path != local.path
    assert (
        (published.image_id, published.sha256)
        == (local.image_id, local.sha256)
        == (image, sum_of(local.path))
    )
    assert published.path.read_bytes() == local.path.read_bytes()


def test_a_kernel_reads_the_same_files(image: str, tmp_path: Path) -> None:
    """Mounted as a VM mounts it; here by this machine's kernel, which the tool shares nothing with."""
    disk = root_disk(image, HERE)
    with mounted(disk.path, tmp_path / "mounted") as root:
        assert files_in(root) == files_of(disk, tmp_path / "root")


# --- the cache ---------------------------------------------------------------------------------------------


def test_a_disk_that_is_there_needs_nobody(image: str, cache: Path) -> None:
    """By image id with a daemon that is gone, and by digest with a registry that is gone."""
    gone = Local(Daemon(url="unix:///nowhere.sock"))
    assert root_disk(image, HERE) == root_disk(image, gone)
    name = f"127.0.0.1:1/example@{digest_of('example:1')}"
    with pytest.raises(OutOfReach):
        root_disk(name, Registry())
    made = root_disk(EXAMPLE, Registry())
    assert root_disk(name, Registry()) == made
    assert made.path.parent == cache


def test_many_at_once_make_it_once(tmp_path: Path, cache: Path) -> None:
    """Four processes ask for the same disk, one makes it, and all have it."""
    tool = instead_of_mksquashfs(
        tmp_path, f'echo made >>{tmp_path}/count; exec {shutil.which("mksquashfs")} "$@"'
    )
    running = [asking(tool) for _ in range(4)]
    answers = [each.communicate(timeout=120)[0] for each in running]
    assert len(set(answers)) == 1
    assert [each.returncode for each in running] == [0] * 4
    assert (tmp_path / "count").read_text() == "made\n"
    assert whole(cache)


def test_what_a_killed_maker_left_is_gone_after_the_next(tmp_path: Path, cache: Path) -> None:
    tool = instead_of_mksquashfs(tmp_path, f"touch {tmp_path}/begun; exec cat >/dev/null")
    with asking(tool) as maker:
        eventually(lambda: (tmp_path / "begun").exists())
        maker.send_signal(signal.SIGKILL)
    assert not whole(cache)
    assert root_disk(EXAMPLE, Registry()).path.exists()
    assert whole(cache)
