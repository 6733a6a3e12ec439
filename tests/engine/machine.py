"""A machine of its own for one test: a cache folder, and a `go` that writes shell scripts."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from engine import home, versions

FAKE_GO = """#!/bin/sh
echo "$@" >> "$FAKE/calls"
case "$1" in
env)
    [ "$2" = GOVERSION ] && echo "go$FAKE_GO_VERSION" ;;
list)
    echo "$FAKE/sdk" ;;
build)
    [ -e "$FAKE/broken" ] && { echo "it does not compile" >&2; exit 1; }
    while [ -e "$FAKE/blocked" ]; do sleep 0.02; done
    while [ "$1" != -o ]; do shift; done
    mkdir -p "$(dirname "$2")"
    printf '#!/bin/sh\\necho v%s\\n' "$FAKE_PULUMI_VERSION" > "$2"
    chmod +x "$2" ;;
esac
"""


@dataclass(frozen=True)
class Machine:
    """Folders under one temporary folder; the environment is the test's own."""

    root: Path

    @property
    def cache(self) -> Path:
        return self.root / "cache" / "rehouse"

    def calls(self, verb: str) -> list[str]:
        record = self.root / "calls"
        lines = record.read_text().splitlines() if record.exists() else []
        return [line for line in lines if line.startswith(verb)]

    def names(self) -> list[str]:
        """What is in the cache but locks."""
        return sorted(path.name for path in self.cache.iterdir() if path.suffix != ".lock")

    def start_engine(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "engine"]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def block(self) -> None:
        (self.root / "blocked").touch()

    def unblock(self) -> None:
        (self.root / "blocked").unlink()

    def install_pulumi(self, version: str) -> home.Engine:
        """As Pulumi's own installer and `pulumi plugin install` would."""
        engine = home.Engine(bin=self.root / "own" / "bin", home=self.root / "own")
        paths = [engine.bin / program for program in home.PROGRAMS]
        for path in [*paths, *map(engine.plugin, versions.plugins())]:
            write_program(path, f"echo v{version}")
        return engine


def environment(root: Path) -> dict[str, str]:
    return {
        "FAKE": str(root),
        "FAKE_GO_VERSION": "1.99.0",
        "FAKE_PULUMI_VERSION": versions.pulumi(),
        "HOME": str(root),
        "PATH": f"{root / 'own' / 'bin'}:{root / 'go'}:/usr/bin:/bin",
        "PULUMI_HOME": str(root / "own"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "XDG_CACHE_HOME": str(root / "cache"),
        # Nobody listens there: no test may reach the real Pulumi.
        "https_proxy": "http://127.0.0.1:9",
    }


def write_program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script if script.startswith("#!") else f"#!/bin/sh\n{script}\n")
    os.chmod(path, 0o755)  # noqa: PTH101


def write_sdk(folder: Path) -> None:
    for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
        write_program(folder / "python" / script, "true")
