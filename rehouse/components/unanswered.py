"""Why a Docker daemon does not answer: in words for people, where the client has but names of its classes."""

import socket
import ssl
from collections.abc import Iterator

import requests
import urllib3

from rehouse.components.errors import OutOfReach
from rehouse.components.site import Daemon

TIMEOUTS = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)


def unanswered(daemon: Daemon, error: Exception, seconds: float, said: str | None) -> OutOfReach:
    """After *seconds*, if it was that. What ssh *said* is the reason: the client then knows only that it ended."""
    text = " ".join((said or reason(error, seconds)).split())
    short = text if len(text) <= 200 else f"…{text[-200:]}"
    # In *what*: where a rollout is undone for it, it is told as that of the generation.
    what = f"Docker at {daemon.url} does not answer: {short}"
    fix = f"see that Docker runs there: docker --host {daemon.url} info"
    return OutOfReach(f"daemon {daemon.name}", what, fix)


def reason(error: Exception, seconds: float) -> str:
    """By the kind of what is at its bottom; its own words where that is none that is known."""
    found = list(_causes(error))
    for kinds, words in (
        (FileNotFoundError, "no such socket"),
        (PermissionError, "permission denied: this user may not use its socket"),
        (ConnectionRefusedError, "connection refused"),
        (socket.gaierror, "no such host"),
        (TIMEOUTS, f"timed out after {seconds:g} s"),
        (ConnectionError, "it closed the connection"),
    ):
        if any(isinstance(each, kinds) for each in found):
            return words
    refused = [each for each in found if isinstance(each, ssl.SSLCertVerificationError)]
    return f"certificate verify failed: {refused[0].verify_message}" if refused else str(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Itself and whatever it wraps: requests and urllib3 keep it among the arguments, and Python beside them."""
    yield error
    for each in (*error.args, error.__cause__):
        if isinstance(each, BaseException):
            yield from _causes(each)
