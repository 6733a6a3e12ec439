"""The machines a stack may use: Docker daemons and the router. Stack configuration, not part of a spec."""

import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from rehouse.components.errors import Wrong
from rehouse.components.reading import read_data
from rehouse.components.spec import Name, Part

AbsolutePath = Annotated[str, StringConstraints(pattern=r"^/[^\x00,:]*$")]
CERTIFIED = (
    "add the key certificates to this daemon, a folder with ca.pem, cert.pem and key.pem, "
    "for example certificates: /etc/rehouse/rack1; or reach it by a url like ssh://ops@10.0.0.5"
)


class Daemon(Part):
    """One Docker daemon."""

    name: Name = Field(
        "local", examples=["rack1"], description="Name of the machine: a-z, 0-9 and -."
    )
    url: str = Field(
        "unix:///var/run/docker.sock",
        pattern=r"^(unix:///|tcp://[^/]|ssh://[^/]).*$",
        examples=["ssh://ops@10.0.0.5"],
        description="unix:///path/to/socket, tcp://host:port (TLS) or ssh://user@host.",
    )
    certificates: AbsolutePath | None = Field(
        None,
        examples=["/etc/rehouse/rack1"],
        description="Folder with ca.pem, cert.pem and key.pem; needed for tcp://.",
    )
    address: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9._-]+$",
        examples=["10.0.0.5"],
        description="Address at which the router reaches what this daemon publishes; the host in url by default.",
    )

    @model_validator(mode="after")
    def certified(self) -> Self:
        if self.url.startswith("tcp://") and not self.certificates:
            raise PydanticCustomError(
                "tls",
                "must have certificates: tcp:// without TLS gives root to the network",
                {"fix": CERTIFIED},
            )
        return self

    @field_validator("url")
    @classmethod
    def complete(cls, value: str) -> str:
        if not value.startswith("unix://") and not _is_usable(value):
            raise PydanticCustomError(
                "url", "must be scheme://host or scheme://user@host:port, without a password"
            )
        return value

    @property
    def reached_at(self) -> str | None:
        """Where published ports answer; None where the instances' own addresses are reachable from here."""
        if self.address or self.url.startswith("unix://"):
            return self.address
        return urlsplit(self.url).hostname


def _is_usable(url: str) -> bool:
    try:
        place = urlsplit(url)
        return place.port != 0 and bool(place.hostname) and not place.password
    except ValueError:  # the port is no number
        return False


def address_of(daemon: Daemon) -> str:
    """Where it is reached, in numbers: HAProxy does not resolve the names of servers that it is told while it runs.

    Raises Wrong where nobody knows the name, for example because only ssh's configuration has it.
    """
    name = daemon.reached_at or ""
    try:
        return socket.gethostbyname(name)
    except OSError as error:
        fix = f"give the daemon an address in the site, like address: 10.0.0.5 ({error.strerror})"
        raise Wrong(f"Docker daemon {daemon.name}", f"'{name}' is no known host", fix) from error


class RouterSite(Part):
    """The front door: an HAProxy in a container of ours, or, with a socket, one that runs already."""

    image: str = Field(
        "haproxy:2.6",
        min_length=1,
        examples=["haproxy:2.6"],
        description="HAProxy image for the container of ours.",
    )
    daemon: Daemon = Field(
        Daemon(name="router"),
        examples=[{"url": "unix:///var/run/docker.sock"}],
        description="Docker daemon that runs it, on this machine: a unix:// url.",
    )
    bind: str = Field(
        "*",
        pattern=r"^[0-9A-Za-z.:*\[\]]+$",
        examples=["*"],
        description="Address to listen on, * for all.",
    )
    home: AbsolutePath | None = Field(
        None,
        examples=["/var/lib/rehouse"],
        description="Folder for its socket and configuration; one of the user's own if it is not given.",
    )
    socket: AbsolutePath | None = Field(
        None,
        examples=["/run/haproxy/admin.sock"],
        description="Admin socket of an HAProxy that runs already.",
    )
    master: AbsolutePath | None = Field(
        None,
        examples=["/run/haproxy-master.sock"],
        description="Its master socket (haproxy -W -S): lets Rehouse reload it when a new front is needed.",
    )
    config: AbsolutePath | None = Field(
        None,
        examples=["/etc/haproxy/conf.d/web.cfg"],
        description="File that Rehouse writes for this service, and that this HAProxy reads.",
    )

    @model_validator(mode="after")
    def complete(self) -> Self:
        if (self.socket is None) != (self.config is None):
            raise PydanticCustomError(
                "existing", "must have both socket and config for an existing HAProxy, or neither"
            )
        if not self.daemon.url.startswith("unix://"):
            raise PydanticCustomError(
                "here", "must run on this machine: its admin socket is a file"
            )
        return self

    @property
    def homes(self) -> Path:
        """Where the folders of our own HAProxys are."""
        return Path(self.home) if self.home else platformdirs.user_state_path("rehouse")


class Site(Part):
    """Everything outside the spec that a rollout needs to know."""

    daemons: tuple[Daemon, ...] = Field(
        (Daemon(),),
        min_length=1,
        max_length=64,
        examples=[[{"url": "unix:///var/run/docker.sock"}]],
        description="Docker daemons over which instances are spread evenly, at least one.",
    )
    router: RouterSite = Field(
        RouterSite(), examples=[{"image": "haproxy:2.6"}], description="The front door."
    )

    @model_validator(mode="after")
    def distinct(self) -> Self:
        if len({daemon.name for daemon in self.daemons}) < len(self.daemons):
            raise PydanticCustomError("distinct", "must name each daemon differently")
        return self

    @property
    def all_daemons(self) -> tuple[Daemon, ...]:
        """Those of the instances, and the router's where we run it."""
        return self.daemons if self.router.socket else (*self.daemons, self.router.daemon)


def read_site(data: object, where: str) -> Site:
    """The site that the stack's configuration describes. Raises Wrong; *where* is that configuration's place.

    Also one that the configuration keeps as a text in JSON: ``pulumi config set site '{…}'``.
    """
    if isinstance(data, str):
        with suppress(ValueError):
            data = json.loads(data)
    return read_data(data if data is not None else {}, Site, lambda _place: where)
