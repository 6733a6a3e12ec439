"""An operator at a terminal sees how far a rollout is; a log and a program get the same in their own way."""

import json
import re
import subprocess
from typing import Any

import pytest

from tests.e2e.estate import COMMAND, Stack, eventually
from tests.e2e.terminal import CTRL_C, Terminal, seated

pytestmark = pytest.mark.e2e
SLOW = {"START_DELAY": "1500"}
CANARY = {"strategy": "canary", "steps": [20], "pause": "12s", "bake": "8s"}
NEVER_WELL = {"http": "/nothing", "within": "12s"}
STEPS = "✓ raise .*✓ prove .*✓ shift .*✓ drain .*✓ retire "
COLOUR = rb"\x1b\[[0-9;]*3[0-9][0-9;]*m"


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_each_step_and_each_instance(stack: Stack, width: int) -> None:
    """From raise to retire, in place: what is left in the end is one picture, and below it who is live."""
    stack.up_or_fail()
    old = stack.generation()
    stack.write(env=SLOW)
    with seated([COMMAND, "deploy"], stack.folder, stack.environment(), width) as terminal:
        assert terminal.end() == 0, terminal.text()
    new = stack.generation()
    for told in ("the engine starts", "● raise", "● prove", f"web: {old} -> {new}"):
        assert terminal.has_shown(told), told
    assert any(re.search(f"{new}-0 +local +proving", each) for each in terminal.pictures)
    title, steps, *rows, last = terminal.text().splitlines()
    assert title.startswith(f"web: {old} -> {new}")
    assert re.match(STEPS, steps)
    rest = [(f"{old}-{number}", "retired") for number in (0, 1)]
    rest += [(f"{new}-{number}", "live") for number in (0, 1)]
    assert [(row.split()[0], row.split()[2]) for row in rows] == rest
    assert last == f"{new} is live, {old} is retired"
    assert not terminal.hides_cursor
    assert re.search(COLOUR, terminal.raw)


def test_a_canary_says_what_it_waits_for(stack: Stack) -> None:
    """On a terminal the share and what comes next, then that it has everything and what becomes of the old one.

    How many seconds are left depends on how long the engine takes on a busy machine.
    """
    stack.up_or_fail()
    old = stack.generation()
    stack.write(env={"NEXT": "1"}, rollout=CANARY)
    with seated([COMMAND, "deploy"], stack.folder, stack.environment()) as terminal:
        assert terminal.end() == 0, terminal.text()
    new = stack.generation()
    assert terminal.has_shown(f"{new} has 20 % of the traffic, ")
    assert terminal.has_shown("live, its generation has 80 %")
    assert terminal.has_shown(f"{new} has all of the traffic, {old} is ")
    assert terminal.text().splitlines()[-1] == f"{new} is live, {old} is retired"


def test_a_ctrl_c_leaves_no_garbage(stack: Stack) -> None:
    """It says what comes of it; in the end stand the last picture and what is live, and the cursor is there."""
    stack.up_or_fail()
    live = stack.generation()
    stack.write(env={"NEXT": "1"}, health=NEVER_WELL)
    with seated([COMMAND, "deploy"], stack.folder, stack.environment()) as terminal:
        eventually(lambda: terminal.has_shown("proving: 404"), seconds=60)
        terminal.type(CTRL_C)
        eventually(lambda: terminal.has_shown("SIGINT: ends in order"), seconds=60)
        assert terminal.end() == 130, terminal.text()
    *picture, what, fix, state = terminal.text().splitlines()
    assert (what, fix) == ("rollout: was interrupted and undone", "fix: run it again")
    assert state == f"state: {live} is live"
    assert [line.split()[0] for line in picture[2:]] == instances(terminal, live)
    assert "^C" not in terminal.text()
    assert not terminal.hides_cursor


def test_no_color_is_heeded(stack: Stack) -> None:
    """With NO_COLOR the picture is the same, and no colour is sent."""
    stack.up_or_fail()
    stack.write(env={"NEXT": "1"})
    with seated(
        ["env", "NO_COLOR=1", COMMAND, "deploy"], stack.folder, stack.environment()
    ) as terminal:
        assert terminal.end() == 0, terminal.text()
    assert re.search(STEPS, terminal.text())
    assert not re.search(COLOUR, terminal.raw)


def test_json_lines_tell_each_step_as_it_happens(stack: Stack) -> None:
    """One object on a line: updates with their shares, steps with their times, pauses; the end as --json has it."""
    stack.up_or_fail()
    old = stack.generation()
    stack.write(env={"NEXT": "1"}, rollout=CANARY)
    ended = stack.rehouse("deploy", "--json-lines")
    told = read(ended)
    new = stack.generation()
    assert {each["version"] for each in told} == {1}
    shares = [each["standing"] for each in told if each["event"] == "update"]
    assert shares == [{old: 80, new: 20}, {old: 0, new: 100}, {new: 100}]
    done = [each for each in told if each["event"] == "step" and each["state"] == "done"]
    assert [each["seconds"] >= 0 for each in done] == [True] * len(done)
    assert list(dict.fromkeys(each["step"] for each in done)) == [
        "raise",
        "prove",
        "shift",
        "drain",
        "retire",
    ]
    waits = [(each["share"], each["bakes"]) for each in told if each["event"] == "waiting"]
    assert list(dict.fromkeys(waits)) == [(20, False), (100, True)]
    last = {
        key: told[-1][key] for key in ("event", "command", "before", "live", "changed", "progress")
    }
    assert last == {
        "event": "end", "command": "deploy", "before": [old], "live": [new], "changed": True, "progress": None
    }  # fmt: skip
    assert ended.stderr == ""


def test_json_lines_end_with_the_error(stack: Stack) -> None:
    """The answers of the gate, the undo, and last what --json says of it; the exit code is in it."""
    stack.up_or_fail()
    live = stack.generation()
    stack.write(env={"NEXT": "1"}, health={"http": "/nothing", "within": "2s"})
    ended = stack.rehouse("deploy", "--json-lines")
    told = read(ended)
    assert (ended.returncode, told[-1]["event"], told[-1]["error"]["code"]) == (10, "error", 10)
    assert "404" in next(each["answer"] for each in told if each["event"] == "probe")
    assert [each["order"] for each in told if each["event"] == "update"] == ["deploy", "undo"]
    assert f"{live} is live" in told[-1]["error"]["state"]


@pytest.mark.parametrize("where", ["stdout", "stderr"])
def test_a_reader_that_has_gone_ends_no_rollout(stack: Stack, where: str) -> None:
    """Its output is closed after the first line: the rollout goes on to its end."""
    stack.up_or_fail()
    old = stack.generation()
    stack.write(env=SLOW)
    words = [COMMAND, "deploy", *(["--json-lines"] if where == "stdout" else [])]
    pipes: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    pipes[where] = subprocess.PIPE
    with subprocess.Popen(words, cwd=stack.folder, env=stack.environment(), **pipes) as process:
        stream = getattr(process, where)
        assert stream.readline()
        stream.close()
        assert process.wait(120) == 0
    assert stack.generation() != old
    assert len(stack.generations()) == 1


def test_status_is_watched_until_ctrl_c(stack: Stack) -> None:
    """On a terminal it is painted anew; Ctrl-C ends it, is no error, and leaves the terminal as it was."""
    stack.up_or_fail()
    live = stack.generation()
    with seated([COMMAND, "status", "--watch"], stack.folder, stack.environment()) as terminal:
        eventually(lambda: f"{live}  100 %" in terminal.text(), seconds=60)
        stack.up_or_fail(env={"NEXT": "1"})
        eventually(lambda: f"{stack.generation()}  100 %" in terminal.text(), seconds=60)
        terminal.type(CTRL_C)
        assert terminal.end() == 0, terminal.text()
    assert b"\x1b[?1049l" in terminal.raw  # back from the other screen
    assert not terminal.hides_cursor


def instances(terminal: Terminal, live: str) -> list[str]:
    """Those of the rows, the old ones first."""
    found = re.findall(r"web-[0-9a-f]{7}-[0-9]", "\n".join(terminal.pictures))
    return sorted(dict.fromkeys(found), key=lambda each: (not each.startswith(live), each))


def read(ended: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    assert ended.stdout, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]
