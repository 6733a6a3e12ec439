"""Those that are measured and drive Pulumi: Rehouse, and a program without it."""

import json
from pathlib import Path
from typing import Any, Protocol

from bench.bounds import Failed
from lab.demo_stack import Run, Stack
from lab.places import CHECKOUT, REGISTRY

REPLICAS = 2


class Contender(Protocol):
    """One way to replace the containers of a service by those of the next version."""

    title: str
    label: str  # its containers have it, and no others
    url: str | None  # where it answers, if there is a router before it

    @property
    def rollout(self) -> int:
        """The last one."""
        ...

    def roll(self) -> None:
        """The next rollout, from the command to its end; the first deploys."""
        ...


class Rehouse:
    """`pulumi up` of a service: raise, prove, shift, retire."""

    title = "rehouse"

    def __init__(self, folder: Path, port: int, name: str = "bench") -> None:
        self.url: str | None = f"http://127.0.0.1:{port}"
        self.rollout, self._port = 0, port
        self.label = f"rehouse.service={name}"
        self._stack = Stack(folder / name, name)
        self._stack.make(CHECKOUT / "stacks")
        router = {"image": f"{REGISTRY}/haproxy:2.6", "home": str(folder / "router")}
        spec = str(self._stack.folder / "web.yaml")
        self._stack.configure(spec=spec, site=json.dumps({"router": router}))

    def roll(self) -> None:
        self.change()
        self._up()

    def _up(self) -> None:
        _must_succeed(self._stack.up())

    def change(self, **more: Any) -> None:
        """The spec of the next rollout, with *more* keys."""
        self.rollout += 1
        spec: dict[str, Any] = {
            "service": self._stack.name,
            "image": image_of(self.rollout),
            "port": 8080,
            "replicas": REPLICAS,
            "env": {"ROLLOUT": str(self.rollout)},
            "health": {"http": "/healthz", "every": "1s"},
            "router": {"publish": self._port},
            **more,
        }
        # JSON is YAML.
        (self._stack.folder / "web.yaml").write_text(json.dumps(spec))


class Previewed(Rehouse):
    """As people call it, without an option that they would have to know: the engine previews first."""

    title = "pulumi up, with preview"

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, port, "previewed")

    def _up(self) -> None:
        _must_succeed(self._stack.run("up", "--yes"))


class Bare:
    """`pulumi up` of bench/bare: the same containers, and that is all."""

    def __init__(self, folder: Path, network: str) -> None:
        self.title = f"bare, {network}"
        self.url: str | None = None
        self.rollout, self._network = 0, network
        name = f"bare-{network.replace(' ', '-')}"
        self.label = f"bench.bare={name}"
        self._stack = Stack(folder / name, name)
        self._stack.make(CHECKOUT / "bench" / "bare")

    def roll(self) -> None:
        self.rollout += 1
        image = image_of(self.rollout)
        self._stack.configure(rollout=str(self.rollout), image=image, network=self._network)
        _must_succeed(self._stack.up())


def image_of(rollout: int) -> str:
    """Each rollout changes the version, so that an answer tells who gave it."""
    return f"{REGISTRY}/example:{version_of(rollout)}"


def version_of(rollout: int) -> str:
    return str(1 + rollout % 2)


def _must_succeed(run: Run) -> None:
    if run.code != 0:
        raise Failed(f"pulumi ended with {run.code}:\n{run.output}")
