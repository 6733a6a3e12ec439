"""The stable front door as Pulumi resources: an HAProxy in a container, and the shift of its traffic."""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from rehouse.components.createonly import CreateOnly
from rehouse.components.errors import OutOfReach, Refused
from rehouse.components.front import Shift, front_of
from rehouse.components.haproxy import Haproxy
from rehouse.components.notes import errors_noted
from rehouse.components.order import must_be_meant_to_go
from rehouse.components.pulled import PulledImage
from rehouse.components.shifting import close, shift
from rehouse.components.site import RouterSite
from rehouse.components.spec import ServiceSpec

# hard-stop-after: after a reload the old process stays for its open requests, but not for ever.
BASE = """\
# Written by Rehouse once; the services are in conf/.
global
  stats socket /rehouse/admin.sock mode 666 level admin expose-fd listeners
  log stdout format raw local0 notice
  fd-hard-limit 100000
  hard-stop-after 1h
defaults
  log global
"""


class Router(pulumi.ComponentResource):
    """The front door of one service: one stable resource, whose weights change in place."""

    shifted: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        spec: ServiceSpec,
        site: RouterSite,
        servers: pulumi.Input[list[dict[str, Any]]],
        proven: list[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("rehouse:index:Router", name, None, opts)
        self._name, self._site = name, site
        doors, needed = self._existing() if site.socket else self._embedded()
        label = f"{spec.service}.{pulumi.get_stack()}.{pulumi.get_project()}"
        plan = pulumi.Output.json_dumps(
            {
                "doors": doors,
                "front": front_of(spec, label, site.bind).model_dump(),
                "servers": servers,
                "drain": f"{round(spec.rollout.drain * 1000)}ms",
            }
        )
        depends_on = [*needed, *proven]
        traffic = Traffic(
            f"{name}-traffic", plan, pulumi.ResourceOptions(parent=self, depends_on=depends_on)
        )
        self.shifted = traffic.shifted
        traffic.cut.apply(lambda cut: _say_what_was_cut(name, cut))
        self.register_outputs({"shifted": self.shifted})

    def _existing(self) -> tuple[pulumi.Input[dict[str, Any]], list[pulumi.Resource]]:
        site = self._site
        return {"admin": site.socket, "master": site.master, "config": site.config}, []

    def _embedded(self) -> tuple[pulumi.Input[dict[str, Any]], list[pulumi.Resource]]:
        child = pulumi.ResourceOptions(parent=self)
        home = Home(f"{self._name}-home", str(self._home()), child)
        provider = docker.Provider(f"{self._name}-docker", host=self._site.daemon.url, opts=child)
        beside = pulumi.ResourceOptions(parent=self, provider=provider)
        image = PulledImage(f"{self._name}-image", self._site.image, self._site.daemon, child)
        container = self._container(image, home, beside)
        doors = home.path.apply(lambda path: _doors(Path(path), self._name))
        return doors, [container]

    def _home(self) -> Path:
        return self._site.homes / f"{pulumi.get_project()}.{pulumi.get_stack()}.{self._name}"

    def _container(
        self, image: PulledImage, home: "Home", opts: pulumi.ResourceOptions
    ) -> docker.Container:
        mount = docker.ContainerVolumeArgs(host_path=home.path, container_path="/rehouse")
        return docker.Container(
            self._name,
            image=image.image_id,
            entrypoints=["haproxy"],
            command=[
                "-W",
                "-db",
                "-S",
                "/rehouse/master.sock,mode,666",
                "-f",
                "/rehouse/haproxy.cfg",
                "-f",
                "/rehouse/conf",
            ],
            user="0",
            volumes=[mount],
            network_mode="host",
            restart="unless-stopped",
            must_run=False,
            read_only=True,
            # The folder belongs to whoever runs Pulumi, and HAProxy makes its sockets in it.
            capabilities=docker.ContainerCapabilitiesArgs(
                drops=["ALL"], adds=["CAP_DAC_OVERRIDE", "CAP_NET_BIND_SERVICE"]
            ),
            security_opts=["no-new-privileges:true"],
            log_driver="json-file",
            log_opts={"max-size": "10m", "max-file": "3"},
            labels=_labels(self._name),
            stop_signal="SIGTERM",  # images of HAProxy ask for SIGUSR1, which waits for idle connections
            destroy_grace_seconds=10,
            opts=opts,
        )


class Home(Resource, module="rehouse", name="RouterHome"):
    """Folder of the HAProxy of ours: made once, where it was made first, whoever runs the next update."""

    path: pulumi.Output[str]

    def __init__(self, name: str, path: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__(HomeProvider(), name, {"path": path, "made_parent": None}, opts)


class HomeProvider(CreateOnly):
    @errors_noted()
    def create(self, props: dict[str, Any]) -> CreateResult:
        home = Path(props["path"])
        made_parent = not home.parent.exists()
        if Haproxy(home / "admin.sock", None).is_there():
            what = "is that of a router that runs: another state has a stack of the same project and name"
            raise Refused(f"router folder {home}", what, "set router.home to a folder of your own")
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            (home / "conf").mkdir(exist_ok=True)
            (home / "haproxy.cfg").write_text(BASE)
        except OSError as error:
            what, fix = (
                f"cannot be written: {error.strerror}",
                "set router.home to a folder of your own",
            )
            raise OutOfReach(f"router folder {home}", what, fix) from error
        return CreateResult(str(home), {**props, "made_parent": made_parent})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """For ``pulumi refresh``: one that is gone leaves the state."""
        there = Path(props["path"], "haproxy.cfg").exists()
        return ReadResult(id_ if there else None, props)

    @errors_noted()
    def delete(self, _id: str, props: dict[str, Any]) -> None:
        home = Path(props["path"])
        shutil.rmtree(home, ignore_errors=True)
        if props["made_parent"]:
            with suppress(OSError):  # not empty: another service lives there
                home.parent.rmdir()


class Traffic(Resource, module="rehouse", name="Traffic"):
    """Which servers get which share of the traffic. Its update is the shift."""

    shifted: pulumi.Output[str]
    cut: pulumi.Output[int]

    def __init__(self, name: str, plan: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            TrafficProvider(), name, {"plan": plan, "shifted": None, "cut": None}, opts
        )


class TrafficProvider(ResourceProvider):
    serialize_as_secret_always = False

    @errors_noted()
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(f"traffic-{_plan(props).front.backend}", _shifted(props))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=olds["plan"] != news["plan"] or not _stands(_plan(olds)))

    @errors_noted()
    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(_shifted(news))

    @errors_noted()
    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """The first of a service to go: all else waits for it."""
        plan = _plan(props)
        must_be_meant_to_go(plan.front.service)
        close(plan.doors, plan.front)


def _plan(props: dict[str, Any]) -> Shift:
    return Shift.model_validate_json(props["plan"])


def _stands(plan: Shift) -> bool:
    """False where a client was killed in the middle of a shift: the state then knows only what was before.

    Also where somebody has changed servers or their weights by hand.
    """
    try:
        haproxy = Haproxy.behind(plan.doors)
        servers = haproxy.servers(plan.front.backend) or ()
        runs = plan.front.name in haproxy.fronts()
        written = plan.doors.written()
    except (OutOfReach, OSError):
        return False  # the shift says what is wrong with it
    weights = {each.name: each.share for each in servers}
    wanted = {each.name: each.weight for each in plan.servers}
    return runs and weights == wanted and written == plan.front.text(plan.servers)


def _shifted(props: dict[str, Any]) -> dict[str, Any]:
    plan = _plan(props)
    cut = shift(plan)
    return {**props, "cut": cut, "shifted": json.dumps([each.name for each in plan.servers])}


def _labels(router: str) -> list[docker.ContainerLabelArgs]:
    stack = f"{pulumi.get_project()}/{pulumi.get_stack()}"
    told = {"rehouse.stack": stack, "rehouse.router": router}
    return [docker.ContainerLabelArgs(label=label, value=value) for label, value in told.items()]


def _doors(home: Path, name: str) -> dict[str, str]:
    return {
        "admin": str(home / "admin.sock"),
        "master": str(home / "master.sock"),
        "config": str(home / "conf" / f"{name}.cfg"),
    }


def _say_what_was_cut(name: str, cut: int) -> None:
    if cut:
        pulumi.log.warn(
            f"{name}: {cut} connections to the old generation were cut at the end of rollout.drain"
        )
