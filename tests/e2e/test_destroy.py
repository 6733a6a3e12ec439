"""destroy removes all of a stack and nothing else; unlock frees one whose holder cannot be asked."""

import contextlib
import json
import os
import pty
import secrets
import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.estate import COMMAND, Stack, docker_client, stranger

pytestmark = pytest.mark.e2e


def test_destroy_asks_and_then_leaves_nothing(stack: Stack) -> None:
    """Not without the stack's name or --yes; then nothing of it is left, strays included, and again is no error."""
    stack.up_or_fail()
    live = stack.unchanged()
    label = {"rehouse.stack": stack.name}
    with docker_client() as client, stranger():
        stray = client.networks.create(f"left-{secrets.token_hex(4)}", labels=label)
        nobody = stack.rehouse("destroy")
        assert (nobody.returncode, "rehouse destroy --yes" in nobody.stderr) == (2, True)
        assert typed(stack, "other", "destroy") == 14
        assert stack.unchanged() == live
        assert typed(stack, "test", "destroy") == 0
        names = [each.name for each in client.networks.list()]
        assert stray.name not in names
    assert (stack.containers(), stack.networks(), stack.volumes()) == ([], [], [])
    assert not stack.home.exists()
    assert stack.resources() == []
    assert stack.rehouse_json("destroy")["gone"] == []


def test_destroy_says_what_is_gone(stack: Stack) -> None:
    """In JSON each by kind and name, as the state knew it."""
    stack.up_or_fail(replicas=1)
    [network], live = stack.networks(), stack.generation()
    gone = stack.rehouse_json("destroy", "--yes")["gone"]
    assert {(each["kind"], each["name"]) for each in gone} == {
        ("instance", f"{live}-0"),
        ("network", network.name),
        ("router", "web-router"),
    }
    assert stack.rehouse_json("deploy")["live"] == [live]


def test_unlock_frees_what_a_machine_elsewhere_holds(stack: Stack) -> None:
    """deploy says who has it; only the holder's name takes the lock away; then deploy goes through."""
    stack.up_or_fail()
    file = locked(stack, "ci", "runner-7")
    held = stack.rehouse("deploy")
    assert (held.returncode, "ci@runner-7" in held.stderr) == (12, True), held.stderr
    assert "rehouse unlock" in held.stderr
    assert stack.rehouse("unlock").returncode == 2
    assert stack.rehouse("unlock", "--holder", "ann@rack1").returncode == 2
    assert file.exists()
    [freed] = stack.rehouse_json("unlock", "--holder", "ci@runner-7")["unlocked"]
    assert (freed["holder"], freed["pid"], file.exists()) == ("ci@runner-7", 1, False)
    assert stack.rehouse("deploy").returncode == 0
    assert stack.rehouse_json("unlock")["unlocked"] == []


def locked(stack: Stack, user: str, host: str) -> Path:
    """The lock that an engine on another machine would have made."""
    folder = stack.folder / "state" / ".pulumi" / "locks" / "organization" / stack.project / "test"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{secrets.token_hex(8)}.json"
    since = datetime.now(UTC).isoformat()
    facts = {"pid": 1, "username": user, "hostname": host, "timestamp": since}
    file.write_text(json.dumps(facts))
    return file


def typed(stack: Stack, answer: str, *words: str) -> int:
    """How the command ended for a person at a terminal who typed that."""
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, *words],
        cwd=stack.folder,
        env=stack.environment(),
        stdin=terminal,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    os.write(master, f"{answer}\n".encode())
    reader = threading.Thread(target=_drain, args=(master,))
    reader.start()
    try:
        return process.wait(timeout=120)
    finally:
        process.kill()
        reader.join()
        os.close(master)


def _drain(master: int) -> None:
    """Until nobody writes to the terminal any more."""
    with contextlib.suppress(OSError):
        while os.read(master, 4096):
            pass
