"""The guest's first process, built from its Go source with whatever Go is here."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import platformdirs

from rehouse.components.errors import OutOfReach

SOURCE = Path(__file__).parent / "init"
_USUAL = Path("/usr/local/go/bin/go")


def version(go: Path) -> str | None:
    """Like ``go1.21.5``, or None where it does not run."""
    return _ask(go, "GOVERSION")


def find() -> Path:
    """The first that is new enough: on the PATH, in its usual place, in Rehouse's cache folder."""
    cached = sorted(platformdirs.user_cache_path("rehouse").glob("go-*/go/bin/go"))
    for candidate in (shutil.which("go"), _USUAL, *cached):
        if candidate and is_new_enough(version(Path(candidate))):
            return Path(candidate)
    wanted = ".".join(map(str, wanted_version()))
    fix = f"install Go {wanted} or newer: golang-go of Debian 13 or of bookworm-backports"
    raise OutOfReach("kit", f"the first process of a guest needs Go {wanted} to be built", fix)


def is_new_enough(found: str | None) -> bool:
    match = re.match(r"go(\d+)\.(\d+)", found or "")
    return match is not None and tuple(map(int, match.groups())) >= wanted_version()


def wanted_version() -> tuple[int, ...]:
    line = re.search(r"^go (\d+)\.(\d+)$", (SOURCE / "go.mod").read_text(), re.M)
    assert line
    return tuple(map(int, line.groups()))


def build(go: Path, work: Path) -> bytes:
    """Static, stripped, and the same bytes from the same Go, wherever it is built."""
    program = work / "init"
    command = [str(go), "build", "-trimpath", "-ldflags=-s -w -buildid=", "-o", str(program), "."]
    done = subprocess.run(
        command, cwd=SOURCE, env=_environment(go, work), capture_output=True, text=True
    )
    if done.returncode != 0:
        fix = f"say so with the output of: {go} version"
        raise OutOfReach("kit: go build", done.stderr.strip()[-500:], fix)
    return program.read_bytes()


def _environment(go: Path, work: Path) -> dict[str, str]:
    settings = {
        "CGO_ENABLED": "0",
        "GOAMD64": "v1",
        "GOARCH": "amd64",
        "GOEXPERIMENT": "",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOOS": "linux",
        "GOPROXY": "off",  # it needs nothing but the standard library
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    return {**os.environ, **settings, "GOCACHE": _cache(go) or str(work / "objects")}


def _cache(go: Path) -> str | None:
    """That of somebody who uses Go here; no folder is left with one who does not."""
    named = _ask(go, "GOCACHE")
    return named if named and Path(named).is_dir() else None


def _ask(go: Path, name: str) -> str | None:
    settings = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        done = subprocess.run(
            [go, "env", name], env=settings, capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
