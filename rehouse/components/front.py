"""What a router shall look like for one service, and the file that always says the same."""

import hashlib
import html
from collections.abc import Iterable
from math import ceil
from pathlib import Path

from rehouse.components.errors import OutOfReach, Refused
from rehouse.components.spec import Health, Part, ServiceSpec
from rehouse.components.units import Seconds

# A dead instance is out after about a second: 3 checks of 250 ms. Not a setting: HAProxy waits
# one interval before its first check of a new server, so it is also what a shift waits for.
CHECK = "check inter 250ms fastinter 100ms rise 1 fall 3 pool-purge-delay 250ms"

SIGNATURE = "# Written by Rehouse, again at every shift."


class Server(Part):
    """One instance as HAProxy knows it; the address is part of the name, so that a name never moves."""

    name: str
    address: str
    weight: int

    @property
    def instance(self) -> str:
        return instance_of(self.name)

    def arguments(self, checked: bool, weight: int) -> str:
        return f"{self.name} {self.address} {CHECK if checked else ''} weight {weight}".replace(
            "  ", " "
        )


def instance_of(server: str) -> str:
    """What the server is named after; the rest is its address."""
    return server.rpartition("_")[0]


class Front(Part):
    """Frontend and backend of one service. Its name changes with its text: a name that runs, runs this text."""

    backend: str
    mode: str
    bind: str
    port: int
    check: str
    patience: int = 2  # seconds that an answer to a check may take
    unavailable: str | None = None  # what users read while no instance gets traffic

    @property
    def service(self) -> str:
        return self.backend.partition(".")[0]

    @property
    def name(self) -> str:
        digest = hashlib.sha256(self._text("").encode()).hexdigest()
        return f"{self.backend}.{digest[:8]}"

    def text(self, servers: Iterable[Server]) -> str:
        """The whole file."""
        return with_servers(self._text(self.name), servers)

    def _text(self, name: str) -> str:
        forwarded = "  option forwardfor\n" if self.mode == "http" else ""
        return (
            f"{SIGNATURE}\n"
            f"frontend {name}\n  mode {self.mode}\n  bind {self.bind}:{self.port}\n{_IDLE[self.mode]}"
            f"  timeout client 1h\n  default_backend {self.backend}\n\n"
            f"backend {self.backend}\n  mode {self.mode}\n  balance roundrobin\n{forwarded}"
            f"  timeout connect 2s\n  timeout server 1h\n  timeout check {self.patience}s\n"
            f"  retries 3\n  option redispatch 1\n{_page(self.unavailable)}{self.check}"
        )


def with_servers(text: str, servers: Iterable[Server]) -> str:
    """The front that the text describes, with these servers instead of its own."""
    kept = [line for line in text.splitlines() if not line.startswith("  server ")]
    lines = [f"  server {each.arguments(True, each.weight)}" for each in servers]
    return "\n".join([*kept, *lines]) + "\n"


# Without the first, a reload closes idle connections under clients that are about to use them.
_IDLE = {"http": "  option idle-close-on-response\n  timeout http-keep-alive 1h\n", "tcp": ""}


def _page(text: str | None) -> str:
    """In single quotes nothing means anything to HAProxy, and html.escape leaves none in the text."""
    if text is None:
        return ""
    page = f"<!doctype html><meta charset=utf-8><title>503</title><p>{html.escape(text)}</p>"
    return (
        f"  http-error status 503 content-type 'text/html; charset=utf-8' string '{page}'"
        " hdr Retry-After 30 hdr Cache-Control no-store\n"
    )


def front_of(spec: ServiceSpec, label: str, bind: str) -> Front:
    """The front of a service; *label* names it among all that one HAProxy may carry."""
    return Front(
        backend=label,
        mode=spec.router.mode,
        bind=bind,
        port=spec.published,
        check=_check_of(spec.health),
        patience=max(2, ceil(spec.health.every)),
        unavailable=spec.router.unavailable if spec.router.mode == "http" else None,
    )


def _check_of(health: Health) -> str:
    if not health.http:
        return ""  # HAProxy connects, and that is all it can do for exec as well
    return (
        "  option httpchk\n"
        f"  http-check send meth GET uri {health.http} ver HTTP/1.1 hdr Host rehouse\n"
        "  http-check expect status 200-399\n"
    )


class Doors(Part):
    """Where an HAProxy is spoken to, and the file of ours that it reads."""

    admin: str
    master: str | None
    config: str

    def must_be_of(self, front: Front) -> None:
        """Raises Refused where somebody else wrote the file, or we did for another service."""
        text = self.written()
        if text and not (text.startswith(SIGNATURE) and f"\nbackend {front.backend}\n" in text):
            what = f"is not the file of {front.backend}: it would be overwritten"
            raise Refused(
                f"router, {self.config}", what, "give each service a file of its own: router.config"
            )

    def write(self, text: str | None) -> None:
        """All or nothing: HAProxy may be restarted at any moment. None removes the file."""
        config = Path(self.config)
        try:
            if text is None:
                config.unlink(missing_ok=True)
                return
            beside = config.with_suffix(".new")
            beside.write_text(text)
            beside.replace(config)
        except OSError as error:
            fix = "see that this user may write there and that the disk is not full"
            raise OutOfReach(
                f"router, {config}", f"cannot be written: {error.strerror}", fix
            ) from error

    def written(self) -> str | None:
        """What the file says, None where there is none."""
        config = Path(self.config)
        return config.read_text() if config.exists() else None


class Shift(Part):
    """What the router shall look like, and how long old requests may last."""

    doors: Doors
    front: Front
    servers: tuple[Server, ...]
    drain: Seconds

    def write(self) -> None:
        self.doors.write(self.front.text(self.servers))
