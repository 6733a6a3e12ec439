"""`rehouse doctor` looks at everything, and for what is wrong says what to type."""

# ruff: noqa: SIM300

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from rehouse.cli.checks.doctor import examine
from rehouse.cli.checks.needs import Need, look
from rehouse.cli.state.damage import sealed
from rehouse.components.errors import OutOfReach
from tests.unit.balancer import balancer
from tests.unit.commands import rehouse

PULUMI, DOCKER = version("pulumi"), version("pulumi-docker")
OTHER = version("pulumi-libvirt")
NOWHERE = {"daemons": [{"url": "unix:///nowhere.sock"}]}


class Stack:
    """What the engine would say of the configuration."""

    def __init__(
        self, site: object = None, name: str = "dev", unread: Exception | None = None
    ) -> None:
        self._site, self._name, self._unread = site, name, unread

    def config(self) -> dict[str, Any]:
        return {"shop:spec": "web.yaml", "shop:site": self._site}

    def stack_name(self) -> str:
        return self._name

    def ledgers(self) -> dict[str, Any]:
        if self._unread:
            raise self._unread
        return {}


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine on which the engine is as it must be."""
    programs, home = tmp_path / "bin", tmp_path / "home"
    script(programs / "pulumi", f"echo v{PULUMI}")
    for name, number in {"docker": DOCKER, "libvirt": OTHER}.items():
        script(home / f"plugins/resource-{name}-v{number}/pulumi-resource-{name}", "")
    return {"PATH": f"{programs}:/usr/bin:/bin", "PULUMI_HOME": str(home)}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    return folder


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def seen(folder: Path, machine: dict[str, str], stack: Stack | None = None) -> dict[str, Need]:
    def opened() -> Stack:
        if stack is None:
            raise OutOfReach("engine", "does not answer", "see why")
        return stack

    return {each.name: each for each in examine(folder, opened, machine)}


@contextmanager
def docker_at(path: Path) -> Iterator[str]:
    """A Docker daemon that knows its version, and nothing else."""
    body = json.dumps({"Version": "20.10.24", "ApiVersion": "1.41"}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    answer = head.encode() + b"Content-Type: application/json\r\n\r\n" + body
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=_answer, args=(listener, answer), daemon=True).start()
        yield f"unix://{path}"
        listener.shutdown(socket.SHUT_RDWR)


def _answer(listener: socket.socket, answer: bytes) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            connection.sendall(answer)


def test_all_is_well(tmp_path, project, machine):
    """Every need of the stack has a line, and none of them has anything to type."""
    with docker_at(tmp_path / "docker.sock") as url:
        site = {"daemons": [{"name": "rack1", "url": url}], "router": {"daemon": {"url": url}}}
        found = seen(project, machine, Stack(site))
    expected = {
        "pulumi": PULUMI,
        "plugin docker": DOCKER,
        "plugin libvirt": OTHER,
        "variables": "none overrides what the stack says",
        "passphrase": "not needed",
        "stack": "dev",
        f"Docker daemon rack1 at {url}": "Docker 20.10.24",
    }
    said = {name: each.said for name, each in found.items() if name != "python"}
    assert (expected, set()) == (said, {each.fix for each in found.values() if each.fix})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "is not in PATH"),
        ("echo v3.1.0", "3.1.0 at"),
        ("echo >&2 broken; exit 3", "cannot say its version: broken"),
        ("echo nothing", "nothing at"),
    ],
)
def test_an_engine_that_cannot_be_used(tmp_path, project, machine, text, says):
    """No engine, an old one or a broken one is told with the version to install."""
    (tmp_path / "bin/pulumi").unlink()
    if text:
        script(tmp_path / "bin/pulumi", text)
    found = seen(project, machine, Stack(NOWHERE))["pulumi"]
    assert (False, True) == (found.met, says in found.said)


def test_a_newer_engine_is_good(tmp_path, project, machine):
    """The engine may be newer than its SDK."""
    script(tmp_path / "bin/pulumi", "echo v3.1000.0")
    assert Need("pulumi", "3.1000.0") == seen(project, machine, Stack(NOWHERE))["pulumi"]


def test_a_plugin_that_is_missing(project, machine):
    """For a plugin that is missing it says the command that gets it."""
    found = seen(project, {**machine, "PULUMI_HOME": "/nowhere"}, Stack(NOWHERE))["plugin docker"]
    fix = f"pulumi plugin install resource docker {DOCKER}"
    assert Need("plugin docker", f"{DOCKER} is not in /nowhere/plugins", fix) == found


@pytest.mark.parametrize("name", ["DOCKER_HOST", "DOCKER_CERT_PATH", "PULUMI_CONTINUE_ON_ERROR"])
def test_variables_that_override(project, machine, name):
    """A variable that an update would refuse is wrong here already."""
    found = seen(project, {**machine, name: "x"}, Stack(NOWHERE))
    said = "is set and would override what the stack says"
    assert Need(f"variable {name}", said, f"unset {name}") == found[f"variable {name}"]


@pytest.mark.parametrize(
    ("settings", "variables", "well"),
    [
        ("encryptionsalt: v1:x\n", {}, False),
        ("encryptionsalt: v1:x\n", {"PULUMI_CONFIG_PASSPHRASE": ""}, True),
        ("encryptionsalt: v1:x\n", {"PULUMI_CONFIG_PASSPHRASE_FILE": "/nowhere"}, False),
        ("encryptionsalt: v1:x\n", {"PULUMI_CONFIG_PASSPHRASE_FILE": "/dev/null"}, True),
        ("", {"PULUMI_BACKEND_URL": "file:///tmp"}, False),
        ("secretsprovider: awskms://x\n", {"PULUMI_BACKEND_URL": "s3://x"}, True),
        ("", {"PULUMI_BACKEND_URL": "https://api.pulumi.com"}, True),
    ],
)
def test_the_passphrase(project, machine, settings, variables, well):
    """A passphrase must be there where the stack or its backend needs one, and only there."""
    (project / "Pulumi.dev.yaml").write_text(settings)
    (project / "Pulumi.prod.yaml").write_text("encryptionsalt: v1:of-another-stack\n")
    assert well is seen(project, {**machine, **variables}, Stack(NOWHERE))["passphrase"].met


def test_a_passphrase_that_is_another_one(project, machine):
    """One that is set is tried: where it does not open the secrets, its line is wrong, and says the way out."""
    given = {**machine, "PULUMI_CONFIG_PASSPHRASE": "another"}
    stack = Stack(NOWHERE, unread=sealed("incorrect passphrase", None))
    found = seen(project, given, stack)
    said = "secrets of the stack, and its ledger: incorrect passphrase"
    fix = "take the passphrase of the last update: export PULUMI_CONFIG_PASSPHRASE_FILE=FILE"
    assert Need("passphrase", said, fix) == found["passphrase"]
    assert Need("stack", "dev") == found["stack"]


def test_a_passphrase_that_is_not_set_is_just_that(project, machine):
    """Its line says so in its own words, whatever else cannot be read because of it."""
    (project / "Pulumi.dev.yaml").write_text("encryptionsalt: v1:x\n")
    found = seen(project, machine, Stack(NOWHERE, unread=sealed("none", None)))["passphrase"]
    assert "is needed for the secrets of the stack, and not set" == found.said


def test_a_state_that_cannot_be_read(project, machine):
    """It is the stack that is wrong, not its passphrase; its machines are looked at all the same."""
    given = {**machine, "PULUMI_CONFIG_PASSPHRASE": "right"}
    stack = Stack(NOWHERE, unread=OutOfReach("state of shop/dev", "is damaged", "cp a b"))
    found = seen(project, given, stack)
    assert Need("stack", "state of shop/dev: is damaged", "cp a b") == found["stack"]
    assert (True, True) == (found["passphrase"].met, any(n.startswith("Docker") for n in found))


def test_a_daemon_that_does_not_answer(project, machine):
    """Each daemon of the site has a line, the router's as well, by its name and url."""
    found = seen(project, machine, Stack(NOWHERE, name="team/shop/prod"))
    name = "Docker daemon local at unix:///nowhere.sock"
    fix = "see that Docker runs there: docker --host unix:///nowhere.sock info"
    assert (fix, "prod") == (found[name].fix, found["stack"].said)
    assert "Docker daemon router at unix:///var/run/docker.sock" in found


def test_an_haproxy_of_ones_own(tmp_path, project, machine):
    """An existing HAProxy is asked at its sockets; without them the line says which."""
    router = {"socket": "/nowhere/admin.sock", "config": "/nowhere/web.cfg"}
    missing = seen(project, machine, Stack({**NOWHERE, "router": router}))
    assert False is missing["router at /nowhere/admin.sock"].met
    with balancer() as running:
        there = {"socket": running.doors.admin, "config": running.doors.config}
        without = {**there, "master": "/nowhere/master.sock"}
        well = seen(project, machine, Stack({**NOWHERE, "router": there}))
        half = seen(project, machine, Stack({**NOWHERE, "router": without}))
    name = f"router at {running.doors.admin}"
    said = "its master socket /nowhere/master.sock does not answer"
    assert (True, said) == (well[name].met, half[name].said)


def test_a_stack_that_cannot_be_read(project, machine):
    """Without the site no machine is looked at: it might be the wrong one."""
    found = seen(project, machine)
    assert Need("stack", "engine: does not answer", "see why") == found["stack"]
    assert [] == [name for name in found if name.startswith("Docker")]


def test_a_site_that_is_wrong(project, machine):
    """A site with a typing error is told as an update would."""
    found = seen(project, machine, Stack({"daemon": []}))["stack"]
    assert "Pulumi.dev.yaml, site: daemon: unknown key" == found.said


def test_outside_a_project(tmp_path, machine):
    """Outside a project it looks at this machine's own Docker, and at no stack."""
    found = seen(tmp_path, machine)
    docker = "Docker daemon local at unix:///var/run/docker.sock"
    assert (False, True) == ("stack" in found, docker in found)


def test_nothing_is_ever_raised():
    """What nobody has thought of is a line as well, not a traceback."""
    found = look("moon", lambda: str(1 / 0))
    fix = "mend that, then: rehouse doctor"
    assert Need("moon", "cannot be looked at: division by zero", fix) == found


def test_exit_status_and_json(capsys, tmp_path, machine, monkeypatch):
    """Exit status 13 if anything is wrong; --json has the same lines."""
    monkeypatch.chdir(tmp_path)
    for name, value in {**machine, "DOCKER_HOST": "unix:///x"}.items():
        monkeypatch.setenv(name, value)
    plain, shape = rehouse(capsys, "doctor"), rehouse(capsys, "doctor", "--json")
    [wrong] = [each for each in shape.json()["checks"] if each["name"].startswith("variable ")]
    assert (13, 13, False) == (plain.code, shape.code, shape.json()["ok"])
    assert f"wrong  {wrong['name']}: {wrong['said']}\n       fix: {wrong['fix']}\n" in plain.out
