"""Strict HTTP clients: none retries, and an answer counts only when it is whole and right."""

import hashlib
import http.client
import ipaddress
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from lab.errors import LabError

_UPLOAD = random.Random(0).randbytes(256 * 1024)
_UPLOAD_SUM = hashlib.sha256(_UPLOAD).hexdigest()


class Wrong(Exception):
    """An answer came, and it is not the right one."""


class Truncated(Wrong):
    """An answer began and did not end."""


@dataclass(frozen=True)
class Target:
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> Self:
        """Loopback only: nobody's machine is to be put under load by a typing error."""
        parts = urlsplit(url)
        host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
        try:
            if parts.scheme == "http" and ipaddress.ip_address(host).is_loopback:
                return cls(host, parts.port or 80)
        except ValueError:
            pass
        raise LabError("load", f"not a loopback address: {url!r}", "http://127.0.0.1:PORT")


class Client:
    """One connection, and one kind of request made on it again and again."""

    def __init__(self, target: Target, kind: str, timeout: float) -> None:
        self._connection = http.client.HTTPConnection(target.host, target.port, timeout=timeout)
        self._ask = KINDS[kind]

    def ask(self) -> str | None:
        """The generation that answered, where the answer tells; any failure is raised."""
        try:
            return self._ask(self._connection)
        except BaseException:
            self._connection.close()
            raise


def keepalive(connection: http.client.HTTPConnection) -> str:
    return _generation(_whole(connection, "GET", "/"))


def oneshot(connection: http.client.HTTPConnection) -> str:
    body = _whole(connection, "GET", "/", headers={"Connection": "close"})
    connection.close()
    return _generation(body)


def slow(connection: http.client.HTTPConnection) -> str:
    return _generation(_whole(connection, "GET", "/slow?ms=500"))


def upload(connection: http.client.HTTPConnection) -> None:
    answered = _whole(connection, "POST", "/upload", _UPLOAD).decode(errors="replace").strip()
    if answered != _UPLOAD_SUM:
        raise Wrong(f"not the checksum of what was sent: {answered[:80]!r}")


def stream(connection: http.client.HTTPConnection) -> None:
    body = _whole(connection, "GET", "/stream?chunks=20&ms=25")
    lines = body.splitlines(keepends=True)
    end, before = b"".join(lines[-1:]), b"".join(lines[:-1])
    if end != f"end {hashlib.sha256(before).hexdigest()}\n".encode():
        raise Truncated(f"the stream has no right end: {end[:80]!r}")


KINDS: dict[str, Callable[[http.client.HTTPConnection], str | None]] = {
    "keepalive": keepalive,
    "oneshot": oneshot,
    "slow": slow,
    "uploads": upload,
    "streams": stream,
}


def _whole(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    try:
        content = response.read()
    except (http.client.HTTPException, OSError) as error:
        raise Truncated(f"the answer was cut: {error!r}") from error
    if response.status != http.HTTPStatus.OK:
        raise Wrong(f"status {response.status}: {content[:80]!r}")
    return content


def _generation(body: bytes) -> str:
    try:
        return str(json.loads(body)["generation"])
    except (ValueError, KeyError, TypeError) as error:
        raise Wrong(f"not the service's answer: {body[:80]!r}") from error
