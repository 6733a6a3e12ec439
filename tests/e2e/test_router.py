"""The front door: it may die, be somebody's own, carry connections, and be told to listen elsewhere."""

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.load import Load
from rehouse.components.haproxy import Haproxy
from tests.e2e.estate import Stack, eventually, free_port, listens

pytestmark = pytest.mark.e2e
THEIRS = """\
global
  stats socket {folder}/admin.sock mode 600 level admin expose-fd listeners
defaults
  mode http
  timeout connect 2s
  timeout client 1h
  timeout server 1h
frontend theirs
  bind 127.0.0.1:{port}
  http-request return status 200 content-type text/plain string theirs
"""


def test_a_router_that_was_killed_comes_back_the_same(stack: Stack) -> None:
    """Docker starts it again with the same servers and weights, and the next rollout loses nothing."""
    stack.up_or_fail()
    stack.up_or_fail(env={"SECOND": "1"})
    live, before = stack.generation(), stack.servers()
    kill_in(stack.router_container())
    eventually(lambda: stack.router_container().attrs["RestartCount"] == 1)
    eventually(stack.serves)
    eventually(lambda: stack.servers() == before)
    assert stack.generation() == live
    rollout_loses_nothing(stack)


def test_an_haproxy_that_runs_already(stack: Stack) -> None:
    """It is reloaded for a new front only; a rollout loses nothing, destroy takes out ours and nothing else."""
    with theirs(stack.folder) as (folder, port):
        stack.site["router"] = {
            "socket": f"{folder}/admin.sock",
            "master": f"{folder}/master.sock",
            "config": f"{folder}/conf.d/web.cfg",
        }
        haproxy = Haproxy(folder / "admin.sock", None)
        stack.up_or_fail()
        rollout_loses_nothing(stack)
        assert len([name for name in haproxy.fronts() if name.startswith("web.test.")]) == 1
        assert stack.destroy().code == 0
        eventually(lambda: haproxy.fronts() == ["theirs"])
        assert haproxy.servers(f"web.test.{stack.project}") is None
        assert listens(port)
        assert not listens(stack.port)
        assert list((folder / "conf.d").iterdir()) == [folder / "conf.d" / "empty.cfg"]


def test_connections_instead_of_requests(stack: Stack) -> None:
    """In tcp mode each connection finds its instance; a rollout cuts none of the short ones."""
    stack.up_or_fail(router={"publish": stack.port, "mode": "tcp"})
    with Load(stack.url, rate=20, keepalive=0, slow=0, uploads=0, streams=0) as load:
        stack.up_or_fail(env={"NEXT": "1"})
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report
    assert len(report.by_generation) == 2


def test_what_lasts_longer_than_the_drain_is_cut_counted_and_told(stack: Stack) -> None:
    """rollout.drain is a promise both ways: the update does not wait longer, and says what it cut."""
    stack.up_or_fail(rollout={"drain": "1s"}, stop={"grace": "1s"}, replicas=1)
    asked = threading.Thread(target=ask_in_vain, args=(stack, "/slow?ms=20000"))
    asked.start()
    eventually(lambda: sum(each.sessions for each in stack.servers()) == 1)
    run = stack.up_or_fail(env={"NEXT": "1"})
    asked.join(5)
    assert not asked.is_alive()
    assert "warning: web-router: 1 connections to the old generation were cut" in run.output
    assert run.seconds < 15


def test_another_published_port(stack: Stack) -> None:
    """The service answers there and no longer here, and the generation is the same."""
    stack.up_or_fail()
    live, instances, old = stack.generation(), stack.unchanged(), stack.port
    stack.port = free_port()
    run = stack.up_or_fail(router={"publish": stack.port})
    assert run.changes() == {"updated": 1}
    assert (stack.generation(), stack.unchanged()) == (live, instances)
    eventually(lambda: not listens(old))


def test_another_health_path(stack: Stack) -> None:
    """Old and new instances are checked by different paths meanwhile: 0 failed."""
    stack.up_or_fail()
    with Load(stack.url, rate=20) as load:
        stack.up_or_fail(health={"http": "/", "within": "15s"})
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report
    assert len(report.by_generation) == 2


def rollout_loses_nothing(stack: Stack) -> None:
    before = stack.generation()
    with Load(stack.url, rate=20) as load:
        stack.up_or_fail(env={"ROLLOUT": before})
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report
    assert set(report.by_generation) == {before, stack.generation()}
    assert before != stack.generation()


def kill_in(container: object) -> None:
    """As a crash would: Docker did not do it, so Docker starts it again."""
    os.kill(container.attrs["State"]["Pid"], 9)  # type: ignore[attr-defined]


def ask_in_vain(stack: Stack, path: str) -> None:
    with contextlib.suppress(OSError):
        stack.answer(path)


@contextlib.contextmanager
def theirs(above: Path) -> Iterator[tuple[Path, int]]:
    """An administrator's own HAProxy, with a front of theirs."""
    folder, port = above / "theirs", free_port()
    (folder / "conf.d").mkdir(parents=True)
    (folder / "conf.d" / "empty.cfg").write_text("")
    (folder / "haproxy.cfg").write_text(THEIRS.format(folder=folder, port=port))
    files = ["-f", f"{folder}/haproxy.cfg", "-f", f"{folder}/conf.d"]
    process = subprocess.Popen(
        ["/usr/sbin/haproxy", "-W", "-S", f"{folder}/master.sock", *files],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: listens(port))
        yield folder, port
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait()
