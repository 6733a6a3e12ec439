"""The load tells every kind of lost request from an answered one."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from lab.errors import LabError
from lab.load import Load, Mix
from lab.load_report import Report

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers GET / as the test says, all else rightly."""

    protocol_version = "HTTP/1.1"
    answer: Answer
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        if self.path.startswith("/stream"):
            self.stream()
        else:
            type(self).answer(self)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send(hashlib.sha256(body).hexdigest().encode())

    def stream(self) -> None:
        lines = b"chunk 0\n"
        self.send(lines + f"end {hashlib.sha256(lines).hexdigest()}\n".encode())

    def send(self, body: bytes, status: int = 200, promised: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(promised or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


def right(handler: Handler) -> None:
    handler.send(json.dumps({"generation": "web-1"}).encode())


def polite_end(handler: Handler) -> None:
    handler.close_connection = True
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(b'{"generation": "web-1"}')


def silent_close(handler: Handler) -> None:
    handler.close_connection = True


def close_after_answer(handler: Handler) -> None:
    """The stale connection: the next request on it gets no answer."""
    right(handler)
    handler.close_connection = True


def cut(handler: Handler) -> None:
    handler.close_connection = True
    handler.send(b'{"generation"', promised=100)


def unavailable(handler: Handler) -> None:
    handler.send(b"no server", status=503)


def foreign(handler: Handler) -> None:
    handler.send(b"<html>")


@contextmanager
def server(answer: Answer, kind: type[Handler] = Handler) -> Iterator[str]:
    made = type("Made", (kind,), {"answer": staticmethod(answer), "asked": 0})
    with ThreadingHTTPServer(("127.0.0.1", 0), made) as listening:
        listening.daemon_threads = True
        Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


def load(url: str, seconds: float = 0.3, **mix: float) -> Report:
    none: dict[str, Any] = {"keepalive": 0, "oneshot": 0, "slow": 0, "uploads": 0, "streams": 0}
    with Load(url, Mix(**{**none, **mix})) as running:
        time.sleep(seconds)
    return running.report()


def test_a_sound_service_loses_nothing() -> None:
    with server(right) as url:
        report = load(url, keepalive=2, oneshot=1, slow=1, uploads=1, streams=1)
    assert (report.failed, report.failures, report.ended) == (0, [], "asked")
    assert set(report.by_kind) == {"keepalive", "oneshot", "slow", "uploads", "streams"}
    assert report.first["web-1"] < report.last["web-1"]
    answered = report.by_kind["keepalive"] + report.by_kind["oneshot"] + report.by_kind["slow"]
    assert report.by_generation == {"web-1": answered}


@pytest.mark.parametrize(
    ("answer", "reason", "truncated"),
    [
        (silent_close, "RemoteDisconnected", False),
        (cut, "IncompleteRead", True),
        (unavailable, "status 503", False),
        (foreign, "not the service's answer", False),
    ],
)
@pytest.mark.parametrize("kind", ["keepalive", "oneshot"])
def test_each_loss_is_counted(answer: Answer, reason: str, truncated: bool, kind: str) -> None:
    with server(answer) as url:
        report = load(url, **{kind: 1})
    assert (report.sent, report.by_generation) == (report.failed, {})
    assert reason in report.failures[0].reason
    assert report.truncated == (report.failed if truncated else 0)


def test_a_connection_closed_while_idle_is_a_loss_and_not_retried() -> None:
    with server(close_after_answer) as url:
        report = load(url, keepalive=1)
    lost = report.failed / report.sent
    assert 0.4 < lost < 0.6, report


def test_a_connection_closed_as_announced_is_none() -> None:
    with server(polite_end) as url:
        report = load(url, keepalive=1)
    assert (report.failed, report.sent > 5) == (0, True), report


def test_a_stream_without_its_end_is_truncated() -> None:
    class Cut(Handler):
        def stream(self) -> None:
            self.send(b"chunk 0\nchunk 1\n")

    with server(right, Cut) as url:
        report = load(url, streams=1)
    assert report.truncated == report.failed == report.sent > 0


def test_an_upload_that_arrives_changed_is_a_loss() -> None:
    class Changing(Handler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send(hashlib.sha256(b"other").hexdigest().encode())

    with server(right, Changing) as url:
        report = load(url, uploads=1)
    assert report.failed == report.sent > 0


def test_a_port_that_nobody_listens_on_is_a_loss() -> None:
    with server(right) as url:
        pass
    report = load(url, keepalive=1)
    assert "ConnectionRefused" in report.failures[0].reason


def test_what_is_in_flight_is_finished() -> None:
    def late(handler: Handler) -> None:
        time.sleep(0.5)
        right(handler)

    with server(late) as url:
        report = load(url, seconds=0.1, keepalive=3)
    assert (report.sent, report.failed) == (3, 0)


@pytest.mark.parametrize(
    ("bound", "ended"), [({"max_seconds": 0.2}, "time"), ({"max_requests": 3}, "count")]
)
def test_it_ends_by_itself(bound: dict[str, float], ended: str) -> None:
    with server(right) as url:
        report = load(url, seconds=1, keepalive=1, **bound)
    assert (report.ended, report.failed) == (ended, 0)


def test_the_rate_bounds_each_client() -> None:
    with server(right) as url:
        report = load(url, seconds=1, keepalive=2, rate=20)
    assert 20 <= report.sent <= 50


def test_the_report_can_be_read_while_it_runs() -> None:
    with server(right) as url, Load(url, keepalive=1) as running:
        deadline = time.monotonic() + 10
        while not running.report().sent and time.monotonic() < deadline:
            time.sleep(0.05)
        assert (running.report().sent > 0, running.report().ended) == (True, "")


def test_each_generation_is_counted_with_its_times() -> None:
    def alternating(handler: Handler) -> None:
        handler.send(json.dumps({"generation": f"web-{type(handler).asked % 2}"}).encode())

    with server(alternating) as url:
        report = load(url, keepalive=1)
    assert set(report.by_generation) == {"web-0", "web-1"} == set(report.last)


@pytest.mark.parametrize("url", ["http://192.0.2.1", "https://127.0.0.1", "http://example.org"])
def test_other_machines_are_refused(url: str) -> None:
    with pytest.raises(LabError, match="not a loopback address"):
        Load(url)
