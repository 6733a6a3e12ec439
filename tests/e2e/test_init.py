"""A new project, outside any clone, from the package as it is installed: it deploys as it was made."""

# ruff: noqa: SIM300

import json
import os
import secrets
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.home import complete_environment
from tests.e2e.estate import (
    CHECKOUT,
    REGISTRY,
    ROUTER_IMAGE,
    containers_labelled,
    docker_client,
    free_port,
    listens,
)

pytestmark = pytest.mark.e2e
BIN = Path(sys.executable).parent


class Newcomer:
    """Somebody with the package, an engine and an empty folder; rehouse's own Python is not in PATH."""

    def __init__(self, folder: Path) -> None:
        self.project, self.port = f"shop-{secrets.token_hex(4)}", free_port()
        self.folder, self.router = folder / self.project, folder / "router"
        self._state, self._package = folder / "state", folder / "package"
        self.folder.mkdir()
        self._state.mkdir()
        unpack_wheel(folder, self._package)

    def rehouse(self, *words: str) -> str:
        return self._types(str(BIN / "rehouse"), *words)

    def pulumi(self, *words: str, **variables: str) -> str:
        return self._types("pulumi", *words, **variables)

    def destroy(self) -> None:
        words = ("destroy", "--yes", "--skip-preview", "--stack", "dev")
        self.pulumi(*words, PULUMI_PYTHON_CMD=sys.executable)

    def containers(self) -> list[str]:
        with docker_client() as client:
            label = f"rehouse.stack={self.project}/dev"
            return [
                str(each.name) for each in containers_labelled(client, label, "rehouse.instance")
            ]

    def _types(self, *words: str, **variables: str) -> str:
        """What it printed on stdout; it must end well."""
        ended = subprocess.run(
            words,
            cwd=self.folder,
            env={**self._environment(), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert (0, words) == (ended.returncode, words), ended.stdout + ended.stderr
        return ended.stdout

    def _environment(self) -> dict[str, str]:
        own = {
            "PYTHONPATH": str(self._package),  # comes before the checkout
            "PULUMI_BACKEND_URL": f"file://{self._state}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "XDG_STATE_HOME": str(self.folder.parent / "local"),
        }
        engine = complete_environment(os.environ)
        del engine["PULUMI_PYTHON_CMD"]
        path = [each for each in engine["PATH"].split(os.pathsep) if Path(each) != BIN]
        return {**engine, **own, "PATH": os.pathsep.join(path)}


def unpack_wheel(folder: Path, into: Path) -> None:
    """The package as pip would install it."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, timeout=120)
    [wheel] = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(into)


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    made = Newcomer(tmp_path)
    try:
        yield made
    finally:
        if (made.folder / "Pulumi.yaml").exists():
            made.destroy()
    assert ([], False, False) == (made.containers(), made.router.exists(), listens(made.port))


def test_a_new_project_deploys(newcomer):
    """init, check, stack init, doctor, deploy, each as it is told: the service answers, and again is nothing to do."""
    newcomer.rehouse("init", "--image", f"{REGISTRY}/example:1", "--port", "8080")
    publish_on(newcomer.port, newcomer.folder / "web.yaml")
    assert "web.yaml: ok, service web\n" == newcomer.rehouse("check")

    newcomer.pulumi("stack", "init", "dev")
    newcomer.pulumi("config", "set", "--path", "site.router.image", ROUTER_IMAGE)
    newcomer.pulumi("config", "set", "--path", "site.router.home", str(newcomer.router))
    needs = json.loads(newcomer.rehouse("doctor", "--json"))
    assert [] == [each for each in needs["checks"] if not each["ok"]]
    assert "stack" in [each["name"] for each in needs["checks"]]

    first = json.loads(newcomer.rehouse("deploy", "--json"))
    assert ("web", True) == (first["service"], first["changed"])
    with urllib.request.urlopen(f"http://127.0.0.1:{newcomer.port}/", timeout=5) as response:
        assert first["live"] == [json.load(response)["generation"]]
    assert False is json.loads(newcomer.rehouse("deploy", "--json"))["changed"]


def publish_on(port: int, spec: Path) -> None:
    """As somebody would with an editor."""
    text = spec.read_text()
    assert "\n  publish: 8080\n" in text
    spec.write_text(text.replace("\n  publish: 8080\n", f"\n  publish: {port}\n"))
