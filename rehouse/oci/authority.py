"""What a registry wants to see before it answers: a password, or a token that it sends us for."""

import ipaddress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import HTTPBasicAuth
from requests.utils import parse_dict_header

from rehouse.components.errors import OutOfReach
from rehouse.oci.credentials import Login, login

CERTIFICATES = Path("/etc/docker/certs.d")
SECONDS = (10, 60)  # to connect, and between two parts of an answer
CLIENT = "rehouse"


def authorized(session: requests.Session, registry: str, challenge: str) -> str:
    """The Authorization that answers the registry's challenge. Raises OutOfReach where nobody has logged in."""
    kind, _, rest = challenge.partition(" ")
    known = login(registry)
    if kind.lower() == "basic" and known:
        return _basic(known)
    if kind.lower() == "bearer":
        return f"Bearer {_token(session, registry, _words(rest), known)}"
    raise denied(registry, "wants a login" if kind.lower() == "basic" else f"wants '{kind[:40]}'")


def denied(registry: str, what: str) -> OutOfReach:
    return OutOfReach(f"registry {registry}", what, f"docker login {registry}")


def is_here(host: str) -> bool:
    """Loopback, with or without a port: nobody listens between us and it."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def trusted(host: str) -> str | bool:
    """Whose certificates count, as Docker is told; on this machine anybody's.

    To be given with each request: what a session says gives way to the environment.
    """
    authority = CERTIFICATES / host / "ca.crt"
    return str(authority) if authority.exists() else not is_here(host)


def _token(
    session: requests.Session, registry: str, asked: dict[str, str], known: Login | None
) -> str:
    realm = str(asked.get("realm", ""))
    place = urlsplit(realm)
    if place.scheme != "https" and not (place.scheme == "http" and is_here(place.netloc)):
        raise denied(
            registry, f"sends us without TLS for a token, to {place.netloc[:80] or 'nowhere'}"
        )
    words: dict[str, str] = {name: asked[name] for name in ("service", "scope") if name in asked}
    answer = _asked(session, realm, words, known)
    if answer.status_code in (401, 403):
        raise denied(registry, f"refused the login for {words.get('scope', 'it')}")
    try:
        answer.raise_for_status()
        said = answer.json()
        return str(said.get("token") or said["access_token"])
    except (requests.RequestException, ValueError, KeyError, AttributeError) as error:
        what = f"gives no token: status {answer.status_code} from {place.netloc}"
        raise OutOfReach(f"registry {registry}", what, "try again later") from error


def _asked(
    session: requests.Session, realm: str, words: dict[str, str], known: Login | None
) -> requests.Response:
    how: Any = {
        "timeout": SECONDS,
        "allow_redirects": False,
        "verify": trusted(urlsplit(realm).netloc),
    }
    if known and known.token:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": known.token,
            "client_id": CLIENT,
            **words,
        }
        return session.post(realm, data=form, **how)
    shown = HTTPBasicAuth(known.user.encode(), known.password.encode()) if known else _nobody
    return session.get(realm, params=words, auth=shown, **how)


def _words(challenge: str) -> dict[str, str]:
    return {
        name: str(value)
        for name, value in parse_dict_header(challenge).items()  # type: ignore[no-untyped-call]
    }


def _basic(known: Login) -> str:
    request = requests.Request("GET", "http://localhost").prepare()
    return str(
        HTTPBasicAuth(known.user.encode(), known.password.encode())(request).headers[
            "Authorization"
        ]
    )


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Without it, requests would look into ~/.netrc."""
    return request
