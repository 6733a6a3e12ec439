"""Debian packages, asked for and unpacked without root."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rehouse.components.errors import OutOfReach, RehouseError

_NETWORK = "look at the network and at /etc/apt/sources.list, then: apt-get update"


@dataclass(frozen=True)
class Package:
    """One version of a package, as apt would get it now."""

    name: str
    version: str
    sha256: str
    depends: str


def newest(name: str) -> Package:
    """What apt's lists say; nothing is fetched.

    Raises :class:`OutOfReach` where there is no apt, or it does not know the package.
    """
    shown = _run(["apt-cache", "show", "--no-all-versions", name], Path("/"), "apt-get update")
    fields = dict(
        line.split(": ", 1) for line in shown.split("\n\n")[0].splitlines() if ": " in line
    )
    return Package(name, fields["Version"], fields["SHA256"], fields.get("Depends", ""))


def unpack(package: Package, work: Path) -> Path:
    """The folder in which the package lies as it would in ``/``."""
    _run(["apt-get", "download", "-q", f"{package.name}={package.version}"], work, _NETWORK)
    archive = next(work.glob(f"{package.name}_*.deb"))
    root = work / package.name
    _run(["dpkg-deb", "--extract", str(archive), str(root)], work, "free some space, and try again")
    return root


def _run(command: Sequence[str], where: Path, fix: str) -> str:
    try:
        done = subprocess.run(command, cwd=where, capture_output=True, text=True)
    except FileNotFoundError:
        what = f"needs {command[0]}, which is not here"
        raise OutOfReach("kit", what, "make the kit on Debian, and copy its folder here") from None
    if done.returncode != 0:
        raise failed(command, done.stderr, fix)
    return done.stdout


def failed(command: Sequence[str], said: str, fix: str) -> RehouseError:
    """Somebody else's program ended badly; the end of what it said is ours to tell."""
    return OutOfReach(f"kit: {' '.join(command[:2])}", said.strip()[-500:] or "failed", fix)
