"""What a lab is called and where it keeps its things: one folder, one lock, one cgroup."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError

CHECKOUT = Path(__file__).resolve().parent.parent
ADDRESS = "10.99.0.1"
REGISTRY = "127.0.0.1:5000"
CONTAINERD_SOCKET = Path("/run/containerd/containerd.sock")
DOCKER_BRIDGE = "lab-docker0"
DOCKER_PIDFILE = Path("/run/docker.pid")
DOCKER_SOCKET = Path("/run/docker.sock")
NAME_VARIABLE = "REHOUSE_LAB"
# On a disk, not in memory: Docker's layers lie here, and an overlay cannot lie on an overlay.
_BASE = Path("/var/tmp")
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Places:
    """Everything outside the lab that bears its name."""

    name: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", self.name):
            what = f"not a name for a lab: {self.name!r}"
            raise LabError("--name", what, "use up to 32 lower case letters, digits and dashes")

    @property
    def title(self) -> str:
        return f"rehouse-lab-{self.name}"

    @property
    def root(self) -> Path:
        return _BASE / self.title

    @property
    def lock(self) -> Path:
        return _BASE / f"{self.title}.lock"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def visitors(self) -> Path:
        """Each visitor holds a shared lock on it."""
        return self.root / "visitors"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def cgroup_parent(self) -> str:
        return f"/{self.title}"

    @property
    def cgroups(self) -> list[Path]:
        """Its cgroup in every hierarchy, of version 1 or 2, that there is."""
        hierarchies = [_CGROUPS, *_CGROUPS.glob("*/")]
        return [place for top in hierarchies if (place := top / self.title).is_dir()]


def default_name() -> str:
    """Two clones of the project are two labs."""
    return hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]


def current() -> Places:
    """The lab that this process runs in."""
    name = os.environ.get(NAME_VARIABLE)
    if name is None:
        raise LabError("lab", "this runs only inside a lab", "python -m lab run -- COMMAND")
    return Places(name)
