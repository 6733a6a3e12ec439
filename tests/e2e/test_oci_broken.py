"""What is missing, damaged, full or locked makes no disk, says why, and leaves nothing."""

from pathlib import Path

import pytest

from rehouse.components.errors import OutOfReach, Refused, Wrong
from rehouse.oci.disk import root_disk
from rehouse.oci.registry import Registry
from tests.e2e.disks import EXAMPLE, HERE, LAYERS, small, tls_registry, use
from tests.e2e.estate import REGISTRY
from tests.e2e.private_registry import logged_in, private_registry
from tests.unit.oci_images import FakeRegistry, layer, serving

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is known from before."""
    return use(tmp_path / "cache", monkeypatch)


# --- what fails --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("megabytes", [2, 7])
def test_a_full_disk_is_told_and_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, megabytes: int
) -> None:
    """While the layers are unpacked, and while the disk is written."""
    with small(tmp_path / "small", megabytes) as folder:
        shelf = use(folder, monkeypatch)
        with pytest.raises(OutOfReach, match=r"(?s)[Nn]o (room|space).*fix: ") as caught:
            root_disk(EXAMPLE, Registry())
        assert caught.value.exit_code == 13
        assert list(shelf.iterdir()) == []


def test_an_image_for_other_machines_is_refused() -> None:
    with pytest.raises(Refused, match="is for linux/arm64, not for linux/amd64"):
        root_disk(f"{REGISTRY}/example:arm64", Registry())


def test_an_image_that_is_nowhere_is_out_of_reach(cache: Path) -> None:
    with pytest.raises(OutOfReach, match="manifest unknown"):
        root_disk(f"{REGISTRY}/example:none", Registry())
    with pytest.raises(OutOfReach, match="is not on Docker daemon local"):
        root_disk("sha256:" + "0" * 64, HERE)
    with pytest.raises(Wrong, match="no name that a registry knows"):
        root_disk("sha256:" + "0" * 64, Registry())
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("damage", [lambda blob: blob[:-9] + b"?" * 9, lambda blob: blob[:-9]])
def test_a_layer_that_came_damaged_makes_no_disk(cache: Path, damage) -> None:
    with serving(FakeRegistry()) as registry:
        name = registry.push("1", *LAYERS)
        (*_, last) = registry.blobs
        registry.damaged = {last: damage(registry.blobs[last])}
        with pytest.raises(OutOfReach, match="came damaged"):
            root_disk(f"{registry.address}/web@{name}", Registry())
        assert list(cache.iterdir()) == []
        registry.damaged = {}
        assert root_disk(f"{registry.address}/web@{name}", Registry()).path.exists()


def test_an_image_that_would_leave_the_root_is_wrong(cache: Path) -> None:
    with serving(FakeRegistry()) as registry:
        registry.push("1", layer("../../etc/cron.d/x"))
        with pytest.raises(Wrong, match="outside of the root") as caught:
            root_disk(f"{registry.address}/web:1", Registry())
    assert (caught.value.exit_code, list(cache.iterdir())) == (2, [])


def test_without_mksquashfs_its_package_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutOfReach, match="apt-get install squashfs-tools"):
        root_disk(EXAMPLE, Registry())


# --- registries --------------------------------------------------------------------------------------------


def test_an_image_behind_a_login_comes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    with private_registry(folder) as address:
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "nobody"))
        with pytest.raises(OutOfReach, match="wants a login"):
            root_disk(f"{address}/example:1", Registry())
        monkeypatch.setenv("DOCKER_CONFIG", str(logged_in(tmp_path / "docker", address)))
        assert root_disk(f"{address}/example:1", Registry()).config.entrypoint == ("/example",)


def test_a_registry_of_this_machine_may_speak_tls(tmp_path: Path) -> None:
    with (
        tls_registry(tmp_path) as address,
        pytest.raises(OutOfReach, match="answers 404 to example/manifests/1"),
    ):
        root_disk(f"{address}/example:1", Registry())
