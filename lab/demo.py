"""`make demo`: a service replaced under load, and one that fails; then nothing is left of it.

python -m lab run -- python -m lab.demo            the demo; KEEP=1 leaves it standing
python -m lab run -- python -m lab.demo enter      a shell, or a command, beside what was left standing
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from lab import demo_leftovers
from lab.demo_screen import Screen
from lab.demo_stack import Stack, environment
from lab.demo_tour import URL, NotAsExpected, Tour, configuration
from lab.errors import LabError
from lab.locks import locked
from lab.places import CHECKOUT, current, default_name

NAME = demo_leftovers.NAME
LOGS = CHECKOUT / "build" / "demo"


def main() -> int:
    try:
        folder = current().root / NAME
        if sys.argv[1:2] == ["enter"]:
            enter(folder, sys.argv[2:])
        with locked(folder.with_suffix(".lock"), 1), _unwinding():
            return demo(folder, Screen(), keep=bool(os.environ.get("KEEP")))
    except LabError as error:
        print(error, file=sys.stderr)
        return 2


def demo(folder: Path, screen: Screen, *, keep: bool) -> int:
    began = time.monotonic()
    demo_leftovers.sweep(folder)
    shutil.rmtree(LOGS, ignore_errors=True)
    screen.title("Rehouse: one service, two rollouts", f"{URL}, in a lab of its own")
    passed, left = False, []
    try:
        passed = _toured(folder, screen)
    except SystemExit:
        screen.bad("interrupted")
        raise
    finally:
        if keep:
            _say_how_to_go_on(screen)
        else:
            left = _ended(folder, screen, passed)
            screen.good(f"nothing is left of it; {time.monotonic() - began:.0f} s in all\n")
    return 0 if passed and not left else 1


def _toured(folder: Path, screen: Screen) -> bool:
    stack = Stack(folder, NAME)
    stack.make(CHECKOUT / "stacks")
    stack.configure(**configuration(stack))
    try:
        Tour(stack, screen).go()
    except (NotAsExpected, subprocess.TimeoutExpired) as error:
        screen.bad(str(error))
        screen.say(f"   look: {LOGS.relative_to(CHECKOUT)}/, or KEEP=1 make demo")
        return False
    return True


def _ended(folder: Path, screen: Screen, passed: bool) -> list[str]:
    """What is left of it: nothing."""
    with screen.busy("removing everything"):
        if not passed and folder.exists():
            shutil.copytree(folder / "logs", LOGS, dirs_exist_ok=True)
        left = _destroyed(folder)
        demo_leftovers.sweep(folder)
    if left:
        screen.bad(f"pulumi destroy left {', '.join(left)}; it is removed now")
    return left


def _destroyed(folder: Path) -> list[str]:
    """What pulumi destroy did not remove."""
    if not (folder / "Pulumi.yaml").exists():
        return []
    run = Stack(folder, NAME).destroy()
    left = demo_leftovers.found(folder)
    return left if run.code == 0 else [*left, f"its stack: {run.output}"]


def _say_how_to_go_on(screen: Screen) -> None:
    screen.say("   It stays, in a lab that stays. To look at it:")
    screen.say(f"     {_lab('run')} -- curl {URL}")
    screen.say(f"     {_lab('run')} -- .venv/bin/python -m lab.demo enter")
    screen.say("   The second is a shell: docker ps, pulumi stack, pulumi stack output.")
    screen.say("   To end all of it:")
    screen.say(f"     {_lab('down')}\n")


def _lab(verb: str) -> str:
    name = current().name
    named = "" if name == default_name() else f"--name {name} "
    return f".venv/bin/python -m lab {named}{verb}"


def enter(folder: Path, command: list[str]) -> NoReturn:
    """Become a shell, or the command, in the demo's folder, with Pulumi set to its stack."""
    if not folder.exists():
        raise LabError("demo", "it does not stand", "make demo KEEP=1")
    os.chdir(folder)
    words = command or [os.environ.get("SHELL", "/bin/bash")]
    os.execvpe(words[0], words, environment(folder, NAME))  # noqa: S606


@contextlib.contextmanager
def _unwinding() -> Iterator[None]:
    """The first Ctrl-C or SIGTERM ends the demo in order; what is cleaned up then is not interrupted."""

    def unwind(number: int, _frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: None)
        sys.exit(128 + number)

    before = {each: signal.signal(each, unwind) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


if __name__ == "__main__":
    sys.exit(main())
