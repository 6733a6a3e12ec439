"""Deploys side by side: which stacks, how many at a time, what becomes of a signal, and what it all ends with.

The deploys are small programs in the place of `rehouse deploy --json-lines`.
"""

# ruff: noqa: SIM300

import io
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from rehouse.cli.fleet import chosen, deploying
from rehouse.cli.fleet.ended import Ended, ended, gravest
from rehouse.cli.fleet.side_by_side import Watch, side_by_side
from rehouse.cli.view.fleet import Picture, Quiet, fleet_view
from rehouse.components.errors import Wrong
from tests.unit.commands import Ran, rehouse

KNOWN = ["prod-a", "prod-b", "test", "acme/other"]
PULUMI = 'case "$*" in *"stack ls"*) echo \'%s\' ;; *) exit 1 ;; esac'
# A deploy: says when it begins and ends in the file `log`, and ends as the script of its stack says.
DEPLOY = """
import json, os, signal, sys, time
stack, folder = sys.argv[1], sys.argv[2]
def tell(**facts): print(json.dumps(facts), flush=True)
def note(word):
    with open(os.path.join(folder, "log"), "a") as log: log.write(word + " " + stack + "\\n")
def live(): tell(version=1, at="now", event="end", command="deploy", live=["web-1"], changed=True)
def error(code):
    tell(event="error", error={"where": "web-1", "what": "bad", "fix": "mend", "state": "web-0 is live", "code": code})
    note("ends"); sys.exit(code)
note("begins")
exec(open(os.path.join(folder, stack)).read())
note("ends")
"""


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["test"], ["test"]),
        (["prod-*", "prod-a"], ["prod-a", "prod-b"]),
        (["test", "prod-?"], ["test", "prod-a", "prod-b"]),
        (["*"], KNOWN),
        (["other"], ["acme/other"]),
        (["acme/other"], ["acme/other"]),
    ],
)
def test_stacks_are_named_or_meant(patterns: list[str], expected: list[str]):
    """Each once, in the order in which they are asked for; the organization need not be said."""
    assert expected == chosen.many(patterns, KNOWN)


@pytest.mark.parametrize("patterns", [[], ["nothing"], ["test", "nothing-*"], ["Test"]])
def test_one_that_is_not_there_is_wrong(patterns: list[str]):
    """Also where others are there: before anything begins."""
    with pytest.raises(Wrong):
        chosen.many(patterns, KNOWN)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 14], 14),
        ([2, 14, 12], 12),
        ([13, 10, 12], 10),
        ([10, 143], 143),
        ([130, 1, 10], 1),
        ([137, 10], 137),
        ([1, 11, 137], 11),
    ],
)
def test_all_of_it_ends_with_the_gravest(codes: list[int], expected: int):
    """What needs a person first, then what nobody has said, then the rest."""
    assert expected == gravest(codes)


def test_one_that_ends_without_a_word_is_an_error():
    """Killed, or a bug: its status is told, and where to look."""
    error = ended("test", 137, 1.0, None).error
    assert error
    assert (137, True) == (error["code"], "rehouse status --stack test" in error["fix"])


def test_so_many_run_at_once_and_in_order(tmp_path: Path):
    """Three of six: the first ones wait until three have begun, and there are never more."""
    stacks = [f"s{each}" for each in range(6)]
    waits = f"while open({str(tmp_path / 'log')!r}).read().count('begins') < 3: time.sleep(0.01)\nlive()"
    begun: list[str] = []
    at_once: list[int] = []

    class Counting(Quiet):
        def begins(self, stack: str) -> None:
            super().begins(stack)
            begun.append(stack)
            at_once.append(len(self.at))

    ends = fleet(tmp_path, dict.fromkeys(stacks, waits), most=3, watch=Counting(6))
    assert (3, stacks) == (max(at_once), begun)
    assert stacks == [each.stack for each in ends if each.well]


def test_one_that_fails_is_nothing_to_the_others(tmp_path: Path):
    """Each has its own status, result and error."""
    good, bad, mute = fleet(
        tmp_path, {"a": "live()", "b": "error(10)", "c": "print('x'); os._exit(3)"}, most=1
    )
    assert (0, {"live": ["web-1"], "changed": True}, None) == (good.code, good.done, good.error)
    assert (10, "bad") == (bad.code, (bad.error or {})["what"])
    assert (3, None, 3) == (mute.code, mute.done, (mute.error or {})["code"])


def test_what_a_hook_left_open_is_not_waited_for(tmp_path: Path):
    """A program that a hook has started holds the pipe of stderr for as long as it lives."""
    [one] = fleet(tmp_path, {"a": "import subprocess; subprocess.Popen(['sleep', '5']); live()"}, 1)
    assert one.well


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_passed_on_and_none_is_begun_after_it(tmp_path: Path, signals, number):
    """The same one, to each that runs; each ends as it would alone."""
    ends = interrupted(tmp_path, number, "signal.pause()", times=1)
    code = 128 + number
    assert [code, code, None] == [each.code for each in ends]
    assert ["begins a", "begins b"] == sorted(log(tmp_path))


def test_a_second_signal_is_passed_on_as_well(tmp_path: Path, signals):
    """The first one is heard, and the second; so each can stop at once."""
    script = "while len(heard) < 2: signal.pause()\nlive()"
    ends = interrupted(tmp_path, signal.SIGINT, script, times=2)
    assert [0, 0, None] == [each.code for each in ends]


def interrupted(folder: Path, number: signal.Signals, script: str, times: int) -> list[Ended]:
    """Three stacks, two at a time, and a signal to us when both wait: another one when both have heard."""
    catching = (
        "heard = []\n"
        "def hear(n, _):\n"
        "    heard.append(n); tell(event='hook', name='heard', state='done')\n"
        "signal.signal(signal.SIGINT, hear)\n"
    )
    ready = "tell(event='hook', name='ready', state='begins')\n"
    whole = (catching if times == 2 else "") + ready + script

    class Sending(Quiet):
        count = 0

        def event(self, stack, facts):
            self.count += 1
            if self.count in (2, 4)[:times]:
                os.kill(os.getpid(), number)

    return fleet(folder, {"a": whole, "b": whole, "c": "live()"}, most=2, watch=Sending(3))


def test_lines_carry_the_name(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """What happens, what a hook prints, an error whole, and how each has ended."""
    step = "tell(event='step', step='raise', name='web-1-0', state='done', instance=True)\n"
    scripts = {"a": f"{step}print('aside', file=sys.stderr)\nlive()", "b": "error(10)"}
    with fleet_view(2, as_json=False, as_lines=False) as watch:
        fleet(tmp_path, scripts, most=1, watch=watch)
    said = capfd.readouterr().err.splitlines()
    assert ["a: raise  web-1-0 done", "a: aside"] == sorted(
        said[:2], key=lambda each: "aside" in each
    )
    assert said[2].startswith("a: web-1 is live (")
    assert ["b: web-1: bad", "b: fix: mend", "b: state: web-0 is live"] == said[3:]


def test_json_is_a_list_of_the_stacks(project: Callable[..., Ran]):
    """Each with its status, and either what stands or the error; the status is the gravest."""
    ran = project("--parallel", "--stack", "*", "--json")
    stacks = ran.json()["stacks"]
    assert (10, [("a", 0), ("b", 10)]) == (
        ran.code,
        [(each["stack"], each["code"]) for each in stacks],
    )
    assert [["web-1"], "bad"] == [stacks[0]["done"]["live"], stacks[1]["error"]["what"]]
    assert [None, None] == [stacks[0]["error"], stacks[1]["done"]]


def test_lines_of_json_have_the_stack(project: Callable[..., Ran]):
    """Each event that of its deploy; the last one has all of them, as --json."""
    ran = project("--parallel=2", "--stack=*", "--json-lines")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert {"a", "b"} == {each["stack"] for each in lines[:-1]}
    assert ("end", ["a", "b"]) == (
        lines[-1]["event"],
        [each["stack"] for each in lines[-1]["stacks"]],
    )


def test_people_get_a_table(project: Callable[..., Ran]):
    """On stdout, a row for each; what is not live is said once more."""
    ran = project("--parallel", "--stack", "a", "--stack", "b")
    rows = [line.split() for line in ran.out.splitlines()[1:]]
    assert [["a", "0"], ["b", "10"]] == [row[:2] for row in rows]
    assert "1 of 2 are live; not b" in ran.err


def test_each_deploy_gets_the_words_of_the_command(project: Callable[..., Ran], tmp_path: Path):
    """All but what is about all of them together."""
    project(
        "web", "--parallel=1", "--stack=a", "--force", "--steps=5,25", "--strategy=canary", "--json"
    )
    [told] = [line for line in log(tmp_path) if line.startswith("words")]
    words = told.split()[1:-1]  # its stack is last
    assert {"--force", "--steps=5,25", "--strategy=canary", f"--folder={tmp_path}"} == set(
        words[:-2]
    )
    assert ["--", "web"] == words[-2:]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--parallel"], "no stack is named"),
        (["--parallel", "--stack", "c"], "is none of the stacks of this project"),
        (["--stack", "a", "--stack", "b"], "several at once: --parallel"),
        (["--parallel", "0", "--stack", "a"], "Invalid value for '--parallel'"),
        (["--parallel=-1", "--stack", "a"], "No such option '-1'"),
        (["--parallel", "many", "--stack", "a"], "Invalid value for '--parallel'"),
        (["--parallel", "--stack", "a", "--strategy", "none"], "strategy"),
    ],
)
def test_what_is_wrong_is_said_before_anything_begins(
    project: Callable[..., Ran], tmp_path: Path, words: list[str], told: str
):
    """Once, and with exit status 2."""
    ran = project(*words)
    assert (2, True, []) == (ran.code, told in ran.err, log(tmp_path))


@pytest.fixture
def project(tmp_path, monkeypatch, capsys) -> Callable[..., Ran]:
    """A project of the stacks a and b, whose second one fails; what `rehouse deploy` gives there."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "a").write_text("note('words ' + ' '.join(sys.argv[6:]))\nlive()")
    (tmp_path / "b").write_text("error(10)")
    pulumi = tmp_path / "bin" / "pulumi"
    pulumi.parent.mkdir()
    stacks = json.dumps([{"name": "a"}, {"name": "b"}])
    pulumi.write_text("#!/bin/sh\n" + PULUMI % stacks)
    pulumi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{pulumi.parent}:{os.environ['PATH']}")
    monkeypatch.delenv("REHOUSE_STACK", raising=False)
    shim = f"import sys; sys.argv[1:] = [sys.argv[2].partition('=')[2], {str(tmp_path)!r}, *sys.argv[1:]]\n"
    monkeypatch.setattr(deploying, "REHOUSE", (sys.executable, "-c", shim + DEPLOY))
    return lambda *words: rehouse(capsys, "deploy", "--folder", str(tmp_path), *words)


def fleet(
    folder: Path, scripts: dict[str, str], most: int, watch: Watch | None = None
) -> list[Ended]:
    for stack, script in scripts.items():
        (folder / stack).write_text(script)
    return side_by_side(
        list(scripts),
        lambda stack: [sys.executable, "-c", DEPLOY, stack, str(folder)],
        most,
        watch or Quiet(len(scripts)),
    )


def log(folder: Path) -> list[str]:
    """What the deploys have noted."""
    path = folder / "log"
    return path.read_text().splitlines() if path.exists() else []


def test_a_terminal_shows_who_is_at_work():
    """A row for each, as many as there is room for, and how many have ended."""
    fleet = Quiet(4)
    for stack in ("a", "b", "c"):
        fleet.begins(stack)
    fleet.event("a", {"event": "hook", "name": "pre-deploy", "state": "begins"})
    fleet.ended(Ended("c", 10))
    console = Console(file=io.StringIO(), width=60, height=4)
    with console.capture() as drawn:
        console.print(Picture(fleet))
    assert ["a  0 s  hook   pre-deploy", "1 of 4 have ended, 1 not well, and 1 more at work"] == [
        line.rstrip() for line in drawn.get().splitlines()
    ]
