"""Pulumi's own download, where it can be reached: the archive, then `pulumi plugin install`."""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.request
from pathlib import Path

from engine import versions
from engine.home import Engine

HOME = "https://get.pulumi.com/releases/sdk"
PROBE_SECONDS = 2
LIMIT_SECONDS = 600

# In a process of its own: a name server that does not answer cannot be timed out from within.
PROBE = "import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[1], method='HEAD'))"


def fetch(into: Path, home: str = HOME) -> Engine | None:
    """A complete engine in `into`, or nothing at all."""
    address = f"{home}/{archive_name()}"
    if not is_reachable(address):
        return None
    engine = Engine(bin=into / "bin", home=into / "home")
    if _try(address, engine) and engine.is_complete():
        return engine
    shutil.rmtree(into, ignore_errors=True)
    return None


def _try(address: str, engine: Engine) -> bool:
    try:
        _unpack(_download(address, engine.home.parent), engine.bin)
        _install_plugins(engine)
    except (OSError, EOFError, tarfile.TarError, subprocess.SubprocessError):
        return False
    return True


def archive_name() -> str:
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"pulumi-v{versions.pulumi()}-{platform.system().lower()}-{machine}.tar.gz"


def is_reachable(address: str, seconds: float = PROBE_SECONDS) -> bool:
    try:
        probe = [sys.executable, "-c", PROBE, address]
        return subprocess.run(probe, capture_output=True, timeout=seconds).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _download(address: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "pulumi.tar.gz"
    ends = time.monotonic() + LIMIT_SECONDS
    with urllib.request.urlopen(address, timeout=30) as answer, archive.open("wb") as file:  # noqa: S310
        while block := answer.read(1 << 20):
            file.write(block)
            if time.monotonic() > ends:
                raise TimeoutError(address)
    return archive


def _unpack(archive: Path, into: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(archive.parent, filter="data")
    archive.unlink()
    (archive.parent / "pulumi").rename(into)


def _install_plugins(engine: Engine) -> None:
    # Our own switch against surprise downloads would forbid this one as well.
    own = {k: v for k, v in os.environ.items() if not k.startswith("PULUMI_DISABLE_AUTOMATIC")}
    for name, number in versions.plugins().items():
        command = [str(engine.bin / "pulumi"), "plugin", "install", "resource", name, number]
        subprocess.run(
            command,
            env={**own, "PULUMI_HOME": str(engine.home), "PULUMI_SKIP_UPDATE_CHECK": "true"},
            capture_output=True,
            check=True,
            timeout=LIMIT_SECONDS,
        )
