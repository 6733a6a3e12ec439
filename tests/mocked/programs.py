"""Small Pulumi programs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rehouse.components.service import Service
from rehouse.components.site import Daemon, Site
from rehouse.components.spec import ServiceSpec
from tests.unit.makers import spec

RACKS = tuple(
    Daemon(name=name, url=f"ssh://ops@10.0.0.{number}")
    for number, name in enumerate(("a", "b", "c"), start=1)
)
SECRET = "hunter2"

FULL = spec(
    image="registry.example.com/web:1",
    replicas=2,
    command=("serve", "--verbose"),
    env={"LEVEL": "info", "A": "b=c"},
    secrets=("TOKEN",),
    health={"http": "/healthz", "within": "5s"},
    resources={"memory": "128MiB", "cpus": 0.5, "pids": 64},
    security={"user": "1000:1000", "capabilities": ("SYS_TIME", "NET_BIND_SERVICE")},
    stop={"signal": "SIGQUIT", "grace": "20s"},
    rollout={"drain": "7s"},
    router={"publish": 80},
)


def service(wanted: ServiceSpec | Path | None = None, **options: Any) -> Callable[[], Service]:
    """A program with one service in it."""
    wanted = wanted or spec()
    secrets = dict.fromkeys(("TOKEN",), SECRET)
    return lambda: Service("web", wanted, **{"secrets": secrets, **options})


def on(*daemons: Daemon) -> Site:
    return Site(daemons=daemons)
