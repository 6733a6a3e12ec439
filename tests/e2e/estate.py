"""A stack of its own for a test: the real engine, a real daemon, a real router, and nothing left behind."""

import base64
import contextlib
import dataclasses
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
from ruamel.yaml import YAML

from engine.home import complete_environment
from rehouse.cli.project import project_name
from rehouse.cli.state.store import Store, store_of
from rehouse.components.errors import OutOfReach
from rehouse.components.haproxy import Haproxy, Seen

CHECKOUT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("rehouse"))
REGISTRY = "127.0.0.1:5000"
DOCKER = "unix:///run/docker.sock"
ROUTER_IMAGE = f"{REGISTRY}/haproxy:2.6"


@dataclasses.dataclass(frozen=True)
class Run:
    """How one command of the engine ended."""

    code: int
    output: str
    seconds: float

    def changes(self) -> dict[str, int]:
        """The engine's own count, like {"created": 5, "updated": 1, "deleted": 5}."""
        words = {"+": "created", "~": "updated", "-": "deleted", "+-": "replaced"}
        lines = self.output.partition("Resources:")[2].splitlines()
        parts = [line.split() for line in lines]
        return {words[p[0]]: int(p[1]) for p in parts if len(p) >= 3 and p[0] in words}

    def explains(self, *texts: str) -> None:
        """It failed, and an operator can read why: no traceback of ours, and a way out."""
        assert self.code != 0, self.output
        for text in (*texts, "fix: "):
            assert text in self.output, f"{text!r} is missing in:\n{self.output}"
        assert "Traceback" not in self.output, self.output


class Stack:
    """One service in one stack, with a project, a state and a port that clash with nobody's."""

    def __init__(self, folder: Path, state: str | None = None, stack: str = "test") -> None:
        """*state* is the url of its backend; without one it is a folder in *folder*.

        Another *stack* in the same folder is one of the same project, with a spec and a router of its own.
        """
        folder.mkdir(exist_ok=True)
        self.state = state or f"file://{folder / 'state'}?metadata=skip"
        self.stack, own = stack, "" if stack == "test" else f"-{stack}"
        self.port = free_port()
        self.folder, self.file = folder, f"web{own}.yaml"
        self.home = folder / f"router{own}"
        if not (folder / "Pulumi.yaml").exists():
            _make_project(folder)
        self.project = project_name(folder)
        self.site: dict[str, Any] = {"router": {"image": ROUTER_IMAGE, "home": str(self.home)}}
        self.spec: dict[str, Any] = {
            "service": "web",
            "image": f"{REGISTRY}/example:1",
            "port": 8080,
            "health": {"http": "/healthz", "within": "15s"},
            "router": {"publish": self.port},
        }
        self.target = "container"
        self.secrets: dict[str, Any] = {}
        self.variables: dict[str, str] = {}
        self.pulumi("stack", "init", stack)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def name(self) -> str:
        return f"{self.project}/{self.stack}"

    def up(self, **spec: Any) -> Run:
        """`pulumi up`, after *spec* has changed the spec; without a preview, as in CI."""
        self.write(**spec)
        return self.pulumi("up", "--yes", "--skip-preview")

    def up_or_fail(self, **spec: Any) -> Run:
        run = self.up(**spec)
        assert run.code == 0, run.output
        return run

    def preview(self) -> list[tuple[str, str, str]]:
        """What the engine would do: operation, type and name of every resource."""
        run = self.pulumi("preview", "--json")
        assert run.code == 0, run.output
        steps = json.loads(run.output[run.output.index("{") :])["steps"]
        parts = [(step["op"], step["urn"].split("::")[-2:]) for step in steps]
        return [(op, kind.rpartition("$")[2], name) for op, (kind, name) in parts]

    def destroy(self) -> Run:
        return self.pulumi("destroy", "--yes", "--skip-preview")

    def encrypt(self, name: str, value: str) -> None:
        """A secret's value into the configuration, as a careful user would set it: not as an argument."""
        self.write()
        subprocess.run(
            ["pulumi", "config", "set", "--secret", "--path", f"secrets.{name}"],
            cwd=self.folder,
            env=self.environment(),
            input=value,
            text=True,
            check=True,
        )
        read = YAML(typ="safe").load(self._settings)
        self.secrets = dict(read["config"][f"{self.project}:secrets"])

    def write(self, **spec: Any) -> None:
        """Spec and configuration onto the disk."""
        self.spec = {**self.spec, **spec}
        yaml = YAML(typ="safe")
        yaml.dump(self.spec, self.folder / "stacks" / self.file)
        config = {
            "spec": self.file,
            "target": self.target,
            "site": self.site,
            "secrets": self.secrets,
        }
        text = {"config": {f"{self.project}:{key}": value for key, value in config.items()}}
        old = self._settings.read_text() if self._settings.exists() else ""
        salt = [line for line in old.splitlines() if line.startswith("encryptionsalt")]
        with self._settings.open("w") as file:
            yaml.dump(text, file)
            file.write("\n".join(salt) + "\n")

    def pulumi(self, *arguments: str, timeout: float = 180) -> Run:
        process = self.start(*arguments)
        began = time.monotonic()
        try:
            output, _ = process.communicate(timeout=timeout)
        finally:
            if process.poll() is None:
                process.kill()
        return Run(process.returncode, output, round(time.monotonic() - began, 2))

    def rehouse(self, *arguments: str, timeout: float = 120) -> "subprocess.CompletedProcess[str]":
        """One of the commands, to its end; without a terminal, as in CI."""
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def rehouse_json(self, *arguments: str) -> dict[str, Any]:
        """What the command says in JSON; it must have gone well."""
        ended = self.rehouse(*arguments, "--json")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return dict(json.loads(ended.stdout))

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """The engine in a process group of its own, so that a test can kill it whole."""
        return subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def environment(self) -> dict[str, str]:
        own = {
            "PULUMI_BACKEND_URL": self.state,
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_STACK": self.stack,
            "XDG_STATE_HOME": str(self.local),
        }
        return {**complete_environment(os.environ), **own, **self.variables}

    def on_disk(self) -> str:
        """Everything that the state backend holds of this stack, history and locks included."""
        store = self.store()
        found = [store.read(each.key) or b"" for each in store.under(".pulumi/")]
        return "".join(each.decode(errors="replace") for each in found)

    def store(self) -> Store:
        """The state backend, past the engine."""
        store = store_of(self.state)
        assert store
        return store

    def resources(self) -> list[dict[str, Any]]:
        """What the engine knows of."""
        return self._state().get("resources") or []

    def pending(self) -> list[str]:
        """Names of what the engine is in the middle of, by the state that a killed one would leave."""
        try:
            found = self._state().get("pending_operations") or []
        except ValueError:  # being written
            return []
        return [each["resource"]["urn"] for each in found]

    def _state(self) -> dict[str, Any]:
        return dict(json.loads(self.store().read(self.checkpoint) or b"")["checkpoint"]["latest"])

    def ledger(self) -> dict[str, Any]:
        run = self.pulumi("stack", "output", "--show-secrets", "--json")
        return dict(json.loads(json.loads(run.output)["web-ledger"]))

    def containers(self) -> list[Any]:
        """Every instance of this stack that there is, running or not."""
        with docker_client() as client:
            return containers_labelled(client, f"rehouse.stack={self.name}", "rehouse.instance")

    def _labelled(self) -> list[Any]:
        """The router too, and what was only made to write files."""
        with docker_client() as client:
            return containers_labelled(client, f"rehouse.stack={self.name}")

    def generations(self) -> set[str]:
        return {each.labels["rehouse.generation"] for each in self.containers()}

    def networks(self) -> list[Any]:
        with docker_client() as client:
            return list(client.networks.list(filters={"label": f"rehouse.stack={self.name}"}))

    def volumes(self) -> list[Any]:
        with docker_client() as client:
            return list(client.volumes.list(filters={"label": f"rehouse.stack={self.name}"}))

    def sweep(self) -> list[str]:
        """Removes what carries this stack's label; the names of what there was."""
        left: list[Any] = []
        for each in self._labelled():
            left.append(each.name)
            each.remove(force=True, v=True)
        for other in [*self.networks(), *self.volumes()]:
            left.append(other.name)
            other.remove()
        return left

    def router_container(self) -> Any:
        """The HAProxy of this stack: the one that mounts its folder."""
        with docker_client() as client:
            routers = containers_labelled(client, "rehouse.router=web-router")
        [ours] = [
            each
            for each in routers
            if each.attrs["Mounts"][0]["Source"].startswith(f"{self.home}/")
        ]
        return ours

    def unchanged(self, generation: str = "") -> dict[str, str]:
        """Identity, start and process of the instances: equal twice means nobody touched them."""
        return _fingerprints(
            [
                each
                for each in self.containers()
                if generation in ("", each.labels["rehouse.generation"])
            ]
        )

    def answer(self, path: str = "/") -> dict[str, Any]:
        with urllib.request.urlopen(self.url + path, timeout=5) as response:
            return dict(json.load(response))

    def generation(self) -> str:
        """Who answers a user."""
        return str(self.answer()["generation"])

    def serves(self) -> bool:
        try:
            return bool(self.generation())
        except (OSError, http.client.HTTPException):
            return False

    @property
    def router_folder(self) -> Path:
        return self.home / f"{self.project}.{self.stack}.web-router"

    @property
    def router_file(self) -> Path:
        return self.router_folder / "conf" / "web-router.cfg"

    def servers(self) -> list[Seen]:
        """As the HAProxy of this stack knows them; none while it does not answer."""
        haproxy = Haproxy(self.router_folder / "admin.sock", None)
        with contextlib.suppress(OutOfReach):
            return haproxy.servers(f"web.{self.stack}.{self.project}") or []
        return []

    @property
    def checkpoint(self) -> str:
        """The key of the state of this stack."""
        return f".pulumi/stacks/{self.project}/{self.stack}.json"

    @property
    def local(self) -> Path:
        """What a user's programs keep on this machine."""
        return self.folder / "local"

    @property
    def _settings(self) -> Path:
        return self.folder / f"Pulumi.{self.stack}.yaml"


def _make_project(folder: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHECKOUT / "stacks", folder / "stacks", ignore=ignore)
    name = f"e2e-{secrets.token_hex(4)}"
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\nmain: stacks/\n")
    (folder / "state").mkdir()


@contextlib.contextmanager
def standing(folder: Path, state: str | None = None, stack: str = "test") -> Iterator[Stack]:
    """A stack that must leave nothing when it is destroyed."""
    made = Stack(folder, state, stack)
    with leaving_nothing(made):
        yield made


@contextlib.contextmanager
def leaving_nothing(made: Stack) -> Iterator[None]:
    try:
        yield
    finally:
        gone = made.destroy()
        leftovers = made.sweep()
    assert gone.code == 0, gone.output
    assert leftovers == []
    assert not made.home.exists()


@contextlib.contextmanager
def docker_client() -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(base_url=DOCKER, version="auto")
    try:
        yield client
    finally:
        client.close()


def containers_labelled(client: docker.DockerClient, *labels: str) -> list[Any]:
    """Running or not; one that goes meanwhile is no error."""
    wanted: dict[str, Any] = {"label": list(labels)}
    return list(client.containers.list(all=True, filters=wanted, ignore_removed=True))


@contextlib.contextmanager
def stranger() -> Iterator[None]:
    """Somebody else's container, labelled as theirs: it is the same one, untouched, in the end."""
    with docker_client() as client:
        image = client.images.pull(f"{REGISTRY}/example", tag="1")
        theirs = client.containers.run(
            image, detach=True, network="none", labels={"stranger": "yes"}
        )
        try:
            before = _fingerprints([client.containers.get(str(theirs.id))])
            yield
            assert _fingerprints([client.containers.get(str(theirs.id))]) == before
        finally:
            theirs.remove(force=True)


def _fingerprints(containers: list[Any]) -> dict[str, str]:
    states = {each.id: each.attrs["State"] for each in containers}
    return {id_: f"{state['StartedAt']} {state['Pid']}" for id_, state in states.items()}


def disguises(secret: str) -> list[str]:
    """The forms in which a secret would be found in clear."""
    return [secret, base64.b64encode(secret.encode()).decode()]


def plain(output: str) -> str:
    """Without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", output)


def kill_session(process: "subprocess.Popen[str]") -> None:
    """The engine, and all that it started: its plugins are in process groups of their own."""
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(place.name)) == process.pid:
                os.kill(int(place.name), signal.SIGKILL)
    process.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(true: Callable[[], object], seconds: float = 30, every: float = 0.05) -> None:
    """Polls; fails with the condition's name."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {true}"
        time.sleep(every)
