"""The example service does what its environment tells it, the right and the wrong."""

import contextlib
import hashlib
import http.client
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.daemons import free_port
from lab.images.catalogue import EXAMPLE
from lab.toolchain import build


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("example") / "example"
    path.write_bytes(build(EXAMPLE, tmp_path_factory.mktemp("work")))
    path.chmod(0o755)
    return path


class Service:
    def __init__(self, program: Path, settings: dict[str, str]) -> None:
        self.port = free_port()
        environment = {"PORT": str(self.port), "REHOUSE_GENERATION": "web-1", "VERSION": "7"}
        self.process = subprocess.Popen(
            [program], env={**environment, **settings}, stdout=subprocess.PIPE, text=True
        )

    def ask(self, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read()

    def wait(self) -> None:
        assert self.process.stdout is not None
        assert "listening" in self.process.stdout.readline()


@contextlib.contextmanager
def service(program: Path, listens: bool = True, /, **settings: str) -> Iterator[Service]:
    made = Service(program, settings)
    try:
        if listens:
            made.wait()
        yield made
    finally:
        made.process.kill()
        made.process.communicate()


def test_it_says_who_it_is(program: Path) -> None:
    with service(program) as made:
        said = json.loads(made.ask("/")[1])
    here = os.uname()
    expected = {
        "generation": "web-1",
        "version": "7",
        "host": here.nodename,
        "kernel": here.release,
    }
    assert said == expected


def test_an_upload_is_answered_with_its_checksum(program: Path) -> None:
    with service(program) as made:
        answer = made.ask("/upload", "POST", b"some")
    assert answer == (200, hashlib.sha256(b"some").hexdigest().encode() + b"\n")


def test_a_stream_ends_with_the_checksum_of_its_lines(program: Path) -> None:
    with service(program) as made:
        body = made.ask("/stream?chunks=3&ms=1")[1]
    lines, end = body[: body.index(b"end ")], body[body.index(b"end ") :]
    assert lines.count(b"\n") == 3
    assert end == f"end {hashlib.sha256(lines).hexdigest()}\n".encode()


def test_a_file_is_described_and_not_shown(program: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"hush")
    secret.chmod(0o440)
    with service(program) as made:
        status, body = made.ask(f"/file?path={secret}")
        missing = made.ask(f"/file?path={secret}x")[0]
    expected = {"mode": "0440", "uid": 0, "sha256": hashlib.sha256(b"hush").hexdigest()}
    assert (status, json.loads(body), missing) == (200, expected, 404)


@pytest.mark.parametrize(
    ("settings", "health", "home"),
    [
        ({}, [200, 200], 200),
        ({"UNHEALTHY": "1"}, [503, 503], 500),
        ({"HEALTH_500": "1"}, [500, 500], 200),
        ({"FLAP": "1"}, [200, 503], 200),
    ],
)
def test_its_health_is_as_told(
    program: Path, settings: dict[str, str], health: list[int], home: int
) -> None:
    with service(program, **settings) as made:
        assert [made.ask("/healthz")[0] for _ in health] == health
        assert made.ask("/")[0] == home


def test_it_crashes_after_the_last_whole_answer(program: Path) -> None:
    with service(program, CRASH_AFTER="3") as made:
        assert [made.ask("/healthz") for _ in range(3)] == [(200, b"ok\n")] * 3
        assert made.process.wait(5) == 3


def test_it_exits_at_once(program: Path) -> None:
    with service(program, False, EXIT_AT_ONCE="1") as made:
        assert made.process.wait(5) == 1


def test_it_never_listens_and_still_stops(program: Path) -> None:
    with service(program, False, NEVER_LISTEN="1") as made:
        time.sleep(0.2)
        with pytest.raises(ConnectionRefusedError):
            made.ask("/")
        made.process.send_signal(signal.SIGTERM)
        assert made.process.wait(5) == 0


def test_it_listens_late(program: Path) -> None:
    began = time.monotonic()
    with service(program, START_DELAY="300"):
        assert time.monotonic() - began >= 0.3


def test_it_answers_what_is_in_flight_before_it_stops(program: Path) -> None:
    with service(program) as made:
        answers: list[tuple[int, bytes]] = []
        asking = threading.Thread(target=lambda: answers.append(made.ask("/slow?ms=400")))
        asking.start()
        time.sleep(0.2)
        made.process.send_signal(signal.SIGTERM)
        asking.join()
        assert made.process.wait(5) == 0
    assert [status for status, _ in answers] == [200]
