"""HTTP to one registry: over TLS except on this machine, with the trust that Docker is given for it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from rehouse.components.errors import OutOfReach
from rehouse.oci.authority import CERTIFICATES, SECONDS, authorized, denied, is_here, trusted
from rehouse.oci.reference import HUB

_HUB_HOST = "registry-1.docker.io"
_AGAIN = Retry(
    total=3, backoff_factor=0.2, status_forcelist=(502, 503, 504), respect_retry_after_header=False
)
_MOST_WORDS = 64 * 1024


class Transport:
    """Asks one registry, as whoever is logged in there."""

    def __init__(self, registry: str) -> None:
        self.registry = registry
        self._host = _HUB_HOST if registry == HUB else registry
        self._session, self._trusted = _session(registry), trusted(registry)
        if not self._trusted:
            # For the whole process: filters of warnings are not made for single threads.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._authorization: str | None = None
        self._scheme = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    @contextmanager
    def get(self, path: str, accept: str = "*/*") -> Iterator[urllib3.BaseHTTPResponse]:
        """The answer's body, as it comes. Raises OutOfReach, also for what happens while it is read."""
        with _reached(self.registry), self._answer(path, accept) as answer:
            self._must_be_good(answer, path)
            yield answer.raw

    def _answer(self, path: str, accept: str) -> requests.Response:
        answer = self._asked(path, accept)
        if answer.status_code == requests.codes.unauthorized:
            answer.close()
            challenge = answer.headers.get("WWW-Authenticate", "")
            self._authorization = authorized(self._session, self.registry, challenge)
            answer = self._asked(path, accept)
        return answer

    def _asked(self, path: str, accept: str) -> requests.Response:
        self._scheme = self._scheme or self._found_scheme()
        return self._session.get(
            f"{self._scheme}://{self._host}/v2/{path}",
            headers={"Accept": accept, "Accept-Encoding": "identity"},
            auth=self._shown,
            stream=True,
            timeout=SECONDS,
            verify=self._trusted,
        )

    def _shown(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._authorization:
            request.headers["Authorization"] = self._authorization
        return request

    def _found_scheme(self) -> str:
        """As Docker does: TLS, and on this machine whatever answers."""
        if is_here(self._host):
            url = f"https://{self._host}/v2/"
            try:
                self._session.get(
                    url, auth=self._shown, timeout=SECONDS, verify=self._trusted
                ).close()
            except requests.ConnectionError:
                return "http"
        return "https"

    def _must_be_good(self, answer: requests.Response, path: str) -> None:
        if answer.status_code == requests.codes.ok:
            return
        if answer.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
            raise denied(self.registry, "does not let us have it")
        what = f"answers {answer.status_code} to {path}: {_words(answer)}"
        fix = "see that the name is right, and that the image was pushed"
        raise OutOfReach(f"registry {self.registry}", what, fix)


def _words(answer: requests.Response) -> str:
    """A registry's own are in JSON; others stand in front of it."""
    text = answer.raw.read(_MOST_WORDS).decode(errors="replace")
    with suppress(ValueError, KeyError, TypeError):
        text = "; ".join(str(each["message"]) for each in json.loads(text)["errors"])
    return " ".join(text.split())[:200] or str(answer.reason)


def _session(registry: str) -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = "rehouse"
    if not is_here(registry):
        session.mount("https://", HTTPAdapter(max_retries=_AGAIN))
    own = CERTIFICATES / registry
    if (own / "client.cert").exists():
        session.cert = (str(own / "client.cert"), str(own / "client.key"))
    return session


@contextmanager
def _reached(registry: str) -> Iterator[None]:
    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        text = " ".join(str(error).split()).removeprefix(": ")
        words = text if len(text) <= 200 else f"…{text[-200:]}"
        fix = "see that it runs and is reachable from here"
        raise OutOfReach(f"registry {registry}", f"does not answer: {words}", fix) from error
