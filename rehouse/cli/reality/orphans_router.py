"""What of a stack is in its router and unknown to its state: servers, a file, the folder of an HAProxy of ours."""

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rehouse.cli.reality.inventory import TRAFFIC, Resource
from rehouse.components.errors import OutOfReach, Refused
from rehouse.components.front import SIGNATURE, Doors, Shift
from rehouse.components.haproxy import Haproxy
from rehouse.components.shifting import expel
from rehouse.components.site import RouterSite

PLACE = "router"
HOME = ":RouterHome"


@dataclass(frozen=True)
class Server:
    """One that HAProxy has in a backend of ours."""

    plan: Shift
    name: str
    kind: str = "server"
    place: str = PLACE

    def is_known(self, resources: Iterable[Resource]) -> bool:
        same = [each for each in plans(resources) if each.front.backend == self.plan.front.backend]
        return any(self.name == each.name for plan in same for each in plan.servers)

    def remove(self) -> None:
        expel(self.plan, self.name)


@dataclass(frozen=True)
class File:
    """What an HAProxy that was there before us reads of ours."""

    doors: Doors
    kind: str = "file"
    place: str = PLACE

    @property
    def name(self) -> str:
        return self.doors.config

    def is_known(self, resources: Iterable[Resource]) -> bool:
        return any(plan.doors.config == self.name for plan in plans(resources))

    def remove(self) -> None:
        self.doors.write(None)
        haproxy = Haproxy.behind(self.doors)
        with suppress(OutOfReach):  # it reads what there is when it starts
            haproxy.reload()


@dataclass(frozen=True)
class Folder:
    """Of an HAProxy of ours: its sockets and its configuration."""

    path: Path
    kind: str = "folder"
    place: str = PLACE

    @property
    def name(self) -> str:
        return str(self.path)

    def is_known(self, resources: Iterable[Resource]) -> bool:
        return any(each.get("id") == self.name for each in resources if each["type"].endswith(HOME))

    def remove(self) -> None:
        if Haproxy(self.path / "admin.sock", None).is_there():
            what = "is that of a router that runs: another state has a stack of the same project and name"
            raise Refused(f"router folder {self.path}", what, "docker ps shows whose it is")
        shutil.rmtree(self.path, ignore_errors=True)


def in_router(
    label: str, site: RouterSite, resources: Iterable[Resource]
) -> Iterator[Server | File | Folder]:
    """All that is there, known or not."""
    project, stack = map(re.escape, label.split("/"))
    yield from _servers(resources)
    yield from _file(site, rf"^backend [^.\n]+\.{stack}\.{project}$")
    yield from _folders(site, rf"{project}\.{stack}\.[^.]+-router")


def _servers(resources: Iterable[Resource]) -> Iterator[Server]:
    for plan in plans(resources):
        with suppress(OutOfReach):
            servers = Haproxy.behind(plan.doors).servers(plan.front.backend) or ()
            yield from (Server(plan, each.name) for each in servers)


def _file(site: RouterSite, ours: str) -> Iterator[File]:
    if site.socket and site.config:
        doors = Doors(admin=site.socket, master=site.master, config=site.config)
        text = doors.written() or ""
        if text.startswith(SIGNATURE) and re.search(ours, text, re.MULTILINE):
            yield File(doors)


def _folders(site: RouterSite, ours: str) -> Iterator[Folder]:
    found = [path for path in site.homes.glob("*-router") if re.fullmatch(ours, path.name)]
    yield from map(Folder, found)


def plans(resources: Iterable[Resource]) -> list[Shift]:
    """What was shifted last, of each service."""
    found = [each for each in resources if each["type"].endswith(TRAFFIC)]
    return [Shift.model_validate_json(each["outputs"]["plan"]) for each in found]
