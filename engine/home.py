"""Where the engine is, and the environment that makes a process use it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from engine import recipe, versions

PROGRAMS = (
    "pulumi",
    "pulumi-language-python",
    "pulumi-language-python-exec",
    "pulumi-resource-pulumi-python",
)

# These must be absent: the Docker ones override every explicit provider,
# and the last one lets deletes go on after a failed gate.
UNSET = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "PULUMI_CONTINUE_ON_ERROR")


class EngineError(Exception):
    """No engine: says where, what and how to get one."""


@dataclass(frozen=True)
class Engine:
    """A folder of programs and a PULUMI_HOME with plugins."""

    bin: Path
    home: Path

    def plugin(self, name: str) -> Path:
        folder = f"resource-{name}-v{versions.plugins()[name]}"
        return self.home / "plugins" / folder / f"pulumi-resource-{name}"

    def is_complete(self) -> bool:
        """Every file is there and the engine says the version that we want."""
        needed = [self.bin / program for program in PROGRAMS]
        needed += [self.plugin(name) for name in versions.plugins()]
        return all(os.access(path, os.X_OK) for path in needed) and self._is_right_version()

    def _is_right_version(self) -> bool:
        asked = [str(self.bin / "pulumi"), "version"]
        quiet = {**os.environ, "PULUMI_HOME": str(self.home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
        try:
            answer = subprocess.run(asked, env=quiet, capture_output=True, text=True, timeout=30)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return answer.stdout.strip() == f"v{versions.pulumi()}"


def environment() -> dict[str, str]:
    """Variables to add to os.environ for a process that runs Pulumi; remove those in UNSET."""
    engine = ready_engine()
    return {
        "PATH": f"{engine.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PULUMI_HOME": str(engine.home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_PYTHON_CMD": sys.executable,
    }


def complete_environment(own: Mapping[str, str]) -> dict[str, str]:
    """A whole environment for a process that runs Pulumi: `own` without UNSET, and the engine."""
    kept = {name: value for name, value in own.items() if name not in UNSET}
    return {**kept, **environment()}


def ready_engine() -> Engine:
    engine = find()
    if engine is None:
        raise EngineError(f"engine: there is none at {folder()}\n  fix: python -m engine")
    return engine


def find() -> Engine | None:
    """The user's own engine if its versions are right, else the one made for this content."""
    return installed() or cached()


def installed() -> Engine | None:
    program = shutil.which("pulumi")
    if program is None:
        return None
    home = os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi"
    engine = Engine(bin=Path(program).resolve().parent, home=Path(home))
    return engine if engine.is_complete() else None


def cached() -> Engine | None:
    if not folder().is_dir():
        return None
    os.utime(folder())  # the newest two by this time are kept
    return Engine(bin=folder() / "bin", home=folder() / "home")


def folder() -> Path:
    return cache() / f"engine-{recipe.digest()}"


def cache() -> Path:
    return platformdirs.user_cache_path("rehouse")
