"""The kit, and a disk with the example service and the probe, made once."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from rehouse.kit import golang, making, store

EXAMPLE = Path(__file__).parents[2] / "lab" / "example"
PROBE = Path(__file__).parent / "probe"
ACCOUNTS = {
    "etc/passwd": b"root:x:0:0:root:/root:/\nweb:x:1234:2345:web:/srv:/\n",
    "etc/group": b"root:x:0:\nweb:x:2345:\nlogs:x:3456:web\n",
}


@pytest.fixture(scope="session")
def kit():
    return making.kit(store.home(), print)


@pytest.fixture(scope="session")
def disk(tmp_path_factory):
    """A squashfs whose layout is that of an image made from nothing."""
    work = tmp_path_factory.mktemp("disk")
    return made_disk(work)


def made_disk(work: Path) -> Path:
    place = work / "root.squashfs"
    command = ["sqfstar", "-quiet", "-no-progress", "-comp", "zstd", str(place)]
    done = subprocess.run(command, input=_tar(work), capture_output=True)
    assert done.returncode == 0, done.stderr
    return place


def _tar(work: Path) -> bytes:
    programs = {"example": _built(EXAMPLE, work), "probe": _built(PROBE, work)}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        folder = tarfile.TarInfo("etc")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(folder)
        for name, content in {**ACCOUNTS, **programs}.items():
            file = tarfile.TarInfo(name)
            file.size, file.mode = len(content), 0o755 if name in programs else 0o644
            tar.addfile(file, io.BytesIO(content))
    return packed.getvalue()


def _built(source: Path, work: Path) -> bytes:
    golang_source, golang.SOURCE = golang.SOURCE, source
    try:
        return golang.build(golang.find(), work)
    finally:
        golang.SOURCE = golang_source
