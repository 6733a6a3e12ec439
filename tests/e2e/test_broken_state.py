"""A state that cannot be read or written is an error with a way out, never an empty one; the service goes on."""

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from lab.postgres import Postgres
from rehouse.cli.state.store import Kept
from tests.e2e.backends import database, overwrite
from tests.e2e.estate import Stack, standing

pytestmark = pytest.mark.e2e
OUT_OF_REACH = 13


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that serves, and has had more than one generation."""
    with standing(tmp_path_factory.mktemp("served")) as stack:
        deploy_twice(stack)
        yield stack


def deploy_twice(stack: Stack) -> None:
    for number in ("1", "2"):
        stack.write(env={"NUMBER": number})
        deployed = stack.rehouse("deploy")
        assert deployed.returncode == 0, deployed.stderr


def cut(stack: Stack) -> None:
    whole = checkpoint(stack)
    overwrite(stack, stack.checkpoint, whole[: len(whole) // 2])


def emptied(stack: Stack) -> None:
    overwrite(stack, stack.checkpoint, b"")


def gone(stack: Stack) -> None:
    assert stack.store().remove(stack.checkpoint)


def ledger_cut(stack: Stack) -> None:
    """In its encrypted form, as a bad disk or a bad merge would."""
    outputs, state = outputs_of(stack)
    outputs["web-ledger"]["ciphertext"] = outputs["web-ledger"]["ciphertext"][:80]
    overwrite(stack, stack.checkpoint, json.dumps(state).encode())


def ledger_is_none(stack: Stack) -> None:
    outputs, state = outputs_of(stack)
    outputs["web-ledger"] = '{"serial": 4, "stand'
    overwrite(stack, stack.checkpoint, json.dumps(state).encode())


def another_passphrase(stack: Stack) -> None:
    stack.variables = {"PULUMI_CONFIG_PASSPHRASE": "another"}


DAMAGES: dict[Callable[[Stack], None], str] = {
    cut: "is damaged: ",
    emptied: "is damaged: ",
    gone: "is not in the state backend: ",
    ledger_cut: "secrets of the stack, and its ledger: ",
    ledger_is_none: "output web-ledger: cannot be read: ",
    another_passphrase: "incorrect passphrase",
}
RESTORED = [cut, emptied, gone, ledger_cut, ledger_is_none]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_what_cannot_be_read_is_said_and_nothing_is_touched(
    served: Stack, damage: Callable[[Stack], None]
) -> None:
    """status and deploy: 13, what is wrong, a way out; `pulumi up` fails; service and state are as they were."""
    with untouched(served), damaged(served, damage):
        left = known(served)
        for command in (["status"], ["deploy"]):
            assert_out_of_reach(served, command, DAMAGES[damage])
        assert served.pulumi("up", "--yes", "--skip-preview").code != 0
        assert known(served) == left


@pytest.mark.parametrize("damage", RESTORED, ids=lambda damage: damage.__name__)
def test_what_the_error_says_restores_it(served: Stack, damage: Callable[[Stack], None]) -> None:
    """The command of `fix:` brings back the ledger of the last update: `up` has nothing to do."""
    assert_restored_after(served, damage)


@pytest.mark.parametrize("damage", [cut, gone], ids=lambda damage: damage.__name__)
def test_a_row_of_postgresql_is_restored_as_well(
    server: Postgres, tmp_path: Path, damage: Callable[[Stack], None]
) -> None:
    """The same, by the command for psql."""
    with standing(tmp_path, database(server)) as stack:
        deploy_twice(stack)
        assert_restored_after(stack, damage)


def test_a_postgresql_that_is_down(server: Postgres, tmp_path: Path) -> None:
    """13 with the server's words; up again, all is as it was."""
    with standing(tmp_path, database(server)) as stack:
        deploy_twice(stack)
        with untouched(stack):
            server.stop()
            try:
                for command in (["status"], ["deploy"]):
                    assert_out_of_reach(stack, command, "Connection refused")
            finally:
                server.start()
        assert stack.rehouse_json("status")["live"] == [stack.generation()]


def test_a_folder_that_is_not_there(served: Stack) -> None:
    """13, and it is not made anew."""
    state = served.folder / "state"
    with untouched(served):
        state.rename(served.folder / "away")
        try:
            for command in (["status"], ["deploy"]):
                assert_out_of_reach(served, command, "no such file or directory")
            assert served.pulumi("up", "--yes", "--skip-preview").code != 0
            assert not state.exists()
        finally:
            (served.folder / "away").rename(state)


def test_a_state_that_was_made_anew_raises_nothing_a_second_time(served: Stack) -> None:
    """It knows of nothing, and instances of it run: deploy 13, `up` fails, both name them; nobody touches them."""
    with untouched(served), damaged(served, gone):
        assert served.pulumi("stack", "init", "test").code == 0
        names = sorted(each.name for each in served.containers())
        said = f"knows of nothing, and these instances of it run on Docker daemon local: {', '.join(names)}"
        assert_out_of_reach(served, ["deploy"], said)
        served.pulumi("up", "--yes", "--skip-preview").explains(said)


def test_a_read_only_state(served: Stack) -> None:
    """status reads it; deploy: 13 before anything is touched; `pulumi up` fails."""
    served.write(env={"NUMBER": "next"})
    with untouched(served), mounted_read_only(served.folder / "state"):
        assert served.rehouse_json("status")["live"] == [served.generation()]
        assert_out_of_reach(served, ["deploy"], "cannot be written: Read-only file system")
        assert served.pulumi("up", "--yes", "--skip-preview").code != 0
    served.write(env={"NUMBER": "2"})


def test_a_full_disk(tmp_path: Path) -> None:
    """deploy: 13 before anything is touched; `pulumi up` fails too; with room again, deploy goes on."""
    disk = tmp_path / "disk"
    with small_disk(disk), standing(tmp_path / "stack", f"file://{disk}?metadata=skip") as stack:
        deploy_twice(stack)
        stack.write(env={"NUMBER": "next"})
        with untouched(stack), full(disk):
            assert stack.rehouse_json("status")["live"] == [stack.generation()]
            assert_out_of_reach(stack, ["deploy"], "cannot be written: No space left on device")
            assert stack.pulumi("up", "--yes", "--skip-preview").code != 0
        before = stack.generation()
        deployed = stack.rehouse("deploy")
        assert deployed.returncode == 0, deployed.stderr
        assert stack.generations() == {stack.generation()} != {before}


def assert_restored_after(stack: Stack, damage: Callable[[Stack], None]) -> None:
    ledger = stack.rehouse_json("history"), stack.rehouse_json("status")
    with untouched(stack):
        damage(stack)
        fix = error_of(stack, ["status"])["fix"]
        [command] = [
            line[line.find(tool) :] for line in fix.splitlines() for tool in TOOLS if tool in line
        ]
        subprocess.run(command, shell=True, check=True)
        assert (stack.rehouse_json("history"), stack.rehouse_json("status")) == ledger
        assert stack.up_or_fail().changes() == {}


TOOLS = ("cp /", "psql ")


def assert_out_of_reach(stack: Stack, command: list[str], said: str) -> None:
    error = error_of(stack, command)
    told = f"{error['where']}: {error['what']}"
    assert (error["code"], said in told) == (OUT_OF_REACH, True), error
    assert error["fix"]


def error_of(stack: Stack, command: list[str]) -> dict[str, Any]:
    ended = stack.rehouse(*command, "--json")
    assert ended.returncode == OUT_OF_REACH, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    return dict(json.loads(ended.stdout)["error"])


@contextlib.contextmanager
def untouched(stack: Stack) -> Iterator[None]:
    """The live generation answers as before, from the same processes."""
    live, theirs = stack.generation(), stack.unchanged()
    yield
    assert (stack.generation(), stack.unchanged()) == (live, theirs)


@contextlib.contextmanager
def damaged(stack: Stack, damage: Callable[[Stack], None]) -> Iterator[None]:
    whole, backups = checkpoint(stack), backups_of(stack)
    damage(stack)
    try:
        yield
    finally:
        stack.variables = {}
        overwrite(stack, stack.checkpoint, whole)
        for each in backups_of(stack) - backups:  # of what was damaged
            stack.store().remove(each.key)


def backups_of(stack: Stack) -> set[Kept]:
    found = [
        *stack.store().under(".pulumi/backups/"),
        *stack.store().under(f"{stack.checkpoint}.bak"),
    ]
    return set(found)


def known(stack: Stack) -> object:
    """What the state knows, however it is written down; as it is where it cannot be read."""
    text = stack.store().read(stack.checkpoint) or b""
    try:
        found = json.loads(text)["checkpoint"]["latest"]["resources"]
        return {each["urn"]: each.get("outputs") for each in found}
    except ValueError:
        return text


def checkpoint(stack: Stack) -> bytes:
    whole = stack.store().read(stack.checkpoint)
    assert whole
    return whole


def outputs_of(stack: Stack) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of the stack, and the state that they are in."""
    state = json.loads(checkpoint(stack))
    resources = state["checkpoint"]["latest"]["resources"]
    [root] = [each for each in resources if each["type"] == "pulumi:pulumi:Stack"]
    return root["outputs"], state


def mounted_read_only(folder: Path) -> AbstractContextManager[None]:
    return mounted(["--bind", str(folder)], folder, "remount,ro,bind")


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    with mounted(["-t", "tmpfs", "tmpfs"], folder, "remount,size=8m"):
        yield


@contextlib.contextmanager
def mounted(what: list[str], folder: Path, options: str) -> Iterator[None]:
    subprocess.run(["mount", *what, str(folder)], check=True)
    try:
        subprocess.run(["mount", "-o", options, str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    try:
        yield
    finally:
        filler.unlink()
