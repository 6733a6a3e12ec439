"""Pulumi's own download, played by a server on this machine."""

import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from engine import download, home, versions
from tests.engine.machine import Machine

PULUMI = """#!/bin/sh
[ "$1" = version ] && echo v{version}
if [ "$1 $2" = "plugin install" ]; then
    into="$PULUMI_HOME/plugins/resource-$4-v$5"
    mkdir -p "$into" && touch "$into/pulumi-resource-$4" && chmod +x "$into/pulumi-resource-$4"
fi
"""


def test_a_reachable_download_gives_a_whole_engine(machine: Machine):
    """The archive is unpacked and both plugins are installed by Pulumi itself."""
    with serving(archive(versions.pulumi())) as address:
        engine = download.fetch(machine.root / "made" / "engine", address)
    assert engine is not None
    assert engine.is_complete()


def test_a_wrong_archive_gives_nothing(machine: Machine):
    """Something else at that address, such as a login page, is not an engine."""
    into = machine.root / "made" / "engine"
    with serving(b"<html>please log in</html>") as address:
        assert download.fetch(into, address) is None
    assert not into.exists()


def test_a_silent_server_is_given_up():
    """It accepts the connection and never answers: the probe ends by itself."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:
        address = f"http://127.0.0.1:{silent.server_port}/"
        assert not download.is_reachable(address, seconds=0.3)


def archive(version: str) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as tar:
        for program in home.PROGRAMS:
            content = PULUMI.format(version=version).encode()
            member = tarfile.TarInfo(f"pulumi/{program}")
            member.mode, member.size = 0o755, len(content)
            tar.addfile(member, io.BytesIO(content))
    return whole.getvalue()


@contextmanager
def serving(content: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200 if self.path == f"/{download.archive_name()}" else 404)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """The test's own output is enough."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
