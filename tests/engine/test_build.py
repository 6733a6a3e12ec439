"""An engine is whole or absent, is built once, and leaves nothing behind."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import build, home, recipe
from engine.home import EngineError
from tests.engine.machine import Machine


def test_the_build_makes_every_file(machine: Machine):
    """What `ensure` returns has every program and plugin, and is all that the cache has."""
    lines: list[str] = []
    engine = build.ensure(lines.append)
    assert engine.is_complete()
    assert machine.names() == [f"engine-{recipe.digest()}"]
    assert [line for line in lines if "Go caches are removed" in line]


def test_a_second_call_builds_nothing(machine: Machine):
    """The content has not changed, so Go is not even asked."""
    build.ensure(print)
    before = machine.calls("")
    build.ensure(print)
    assert machine.calls("") == before


def test_a_failed_build_leaves_nothing(machine: Machine):
    """Go's own words are shown, and no half engine remains."""
    (machine.root / "broken").touch()
    with pytest.raises(EngineError, match="it does not compile"):
        build.ensure(print)
    assert machine.names() == []


def test_a_killed_build_leaves_no_engine(machine: Machine):
    """After SIGKILL there is no engine; the next build removes what was left and succeeds."""
    machine.block()
    killed = machine.start_engine()
    wait_until(lambda: machine.calls("build") != [])
    killed.kill()
    killed.communicate()
    assert home.cached() is None
    machine.unblock()
    assert build.ensure(print).is_complete()
    assert machine.names() == [f"engine-{recipe.digest()}"]


def test_a_terminated_build_cleans_up_itself(machine: Machine):
    """SIGTERM removes the unfinished folder and answers 143."""
    machine.block()
    process = machine.start_engine()
    wait_until(lambda: machine.calls("build") != [])
    process.terminate()
    process.communicate()
    machine.unblock()
    assert (process.returncode, machine.names()) == (143, [])


def test_two_builds_at_once_are_one_build(machine: Machine):
    """The second waits, says so, and takes what the first made."""
    machine.block()
    first = machine.start_engine()
    wait_until(lambda: machine.calls("build") != [])
    second = machine.start_engine()
    assert second.stdout is not None
    assert "waiting for it" in second.stdout.readline()
    machine.unblock()
    first.communicate()
    second.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(machine.calls("build")) == len(list(recipe.programs()))


def test_only_the_newest_two_engines_are_kept(machine: Machine):
    """The engine just built and the one used last before it."""
    for age, name in enumerate(("engine-new", "engine-old", "engine-older")):
        (machine.cache / name).mkdir(parents=True)
        os.utime(machine.cache / name, times=(1000 - age, 1000 - age))
    build.ensure(print)
    assert machine.names() == sorted(["engine-new", f"engine-{recipe.digest()}"])


def test_too_small_a_disk_is_refused(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    """Before anything is built, with both figures."""
    monkeypatch.setattr(build, "NEEDED", 10**18)
    with pytest.raises(EngineError, match="GB free, a build may need 1000000000 GB"):
        build.ensure(print)
    assert machine.calls("build") == []


def wait_until(is_so: Callable[[], bool], seconds: float = 10) -> None:
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.01)


def test_the_digest_follows_the_content(tmp_path: Path):
    """A changed Go file makes another engine; a changed README does not."""
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "main.go").write_text("one")
    first = recipe.digest(tmp_path)
    (tmp_path / "README.md").write_text("words")
    same = recipe.digest(tmp_path)
    (tmp_path / "providers" / "main.go").write_text("two")
    assert (same == first, recipe.digest(tmp_path) == first) == (True, False)
