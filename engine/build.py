"""Makes the engine once per content: atomically, one at a time, with nothing left over."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine import download, home, recipe
from engine.alone import Say, alone, remove, size_in_gigabytes, workshop
from engine.go import Go, pick
from engine.home import Engine, EngineError

KEPT = 2
UNFINISHED = "building-"
GIGABYTE = 10**9
NEEDED = 8 * GIGABYTE  # 6.5 at the peak of a build with empty caches


def ensure(say: Say) -> Engine:
    """An engine that works: installed, cached, downloaded or built, in this order."""
    found = home.find()
    if found is not None:
        return found
    with alone(home.cache() / "engine.lock", say) as lock:
        return home.cached() or _make(lock, say)


def _make(lock: int, say: Say) -> Engine:
    with workshop(home.cache(), UNFINISHED) as work:
        made = work / "engine"
        if download.fetch(made) is None:
            say("engine: Pulumi's own download is out of reach: building from Go modules")
            _build(work, made, lock, say)
        made.rename(home.folder())
    remove(_oldest(home.cache()))
    return home.ready_engine()


def _build(work: Path, made: Path, lock: int, say: Say) -> None:
    _check_space(home.cache())
    with _timed("Go", say):
        go = pick(work, say)
    say(f"engine: {go.version} at {go.program}, {_disk_use(go)}")
    for program in recipe.programs():
        with _timed(program.title, say):
            _run(program.command(go.program, made), program.module, go, lock)
    _copy_scripts(go, made / "bin", lock)
    if not Engine(bin=made / "bin", home=made / "home").is_complete():
        raise EngineError("engine: the build went through, but what it made does not run")
    if go.has_private_caches:
        removed = size_in_gigabytes(work) - size_in_gigabytes(made)
        say(f"engine: {removed:.1f} GB of Go caches are removed now")
    say(f"engine: takes {size_in_gigabytes(made):.1f} GB; of older ones the newest is kept")


def _run(command: list[str], module: str, go: Go, lock: int) -> str:
    # Go inherits the lock: should we be killed, nobody starts before our Go has ended too.
    done = subprocess.run(
        command,
        cwd=recipe.SOURCES / module,
        env=go.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        pass_fds=[lock],
    )
    if done.returncode != 0:
        told = "\n".join(done.stderr.splitlines()[-20:])
        raise EngineError(
            f"engine: go failed in engine/{module}:\n{told}\n"
            "  fix: check that the Go module proxy is in reach (go env GOPROXY), and run it again"
        )
    return done.stdout


def _copy_scripts(go: Go, into: Path, lock: int) -> None:
    asked = [str(go.program), "list", "-m", "-f", "{{.Dir}}", recipe.SDK]
    sdk = Path(_run(asked, "pulumi", go, lock).strip())
    for script in recipe.SCRIPTS:
        shutil.copyfile(sdk / script, into / Path(script).name)
        (into / Path(script).name).chmod(0o755)


def _check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < NEEDED:
        raise EngineError(
            f"engine: {folder} has {free / GIGABYTE:.1f} GB free, a build may need "
            f"{NEEDED / GIGABYTE:.0f} GB for a while\n  fix: free some, or set XDG_CACHE_HOME"
        )


def _disk_use(go: Go) -> str:
    if go.has_private_caches:
        return f"with caches of its own, under {NEEDED / GIGABYTE:.0f} GB, removed after the build"
    return "with this machine's Go caches; `go clean -cache -modcache` empties them"


def _oldest(cache: Path) -> list[Path]:
    engines = sorted(cache.glob("engine-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    return engines[KEPT:]


@contextmanager
def _timed(title: str, say: Say) -> Iterator[None]:
    say(f"engine: {title} …")
    started = time.monotonic()
    yield
    say(f"engine: {title}: {time.monotonic() - started:.1f} s")
