"""Changes the ledger and the rollout in one small way after the other, and prints how many of the changes fail a test.

A change lives in the memory of a forked process: nothing is written, and none sees another's. mutmut leaves out what
is decorated, and here properties decide; cosmic-ray starts Python anew for each change, which takes hours.
"""

import ast
import contextlib
import gc
import importlib
import importlib.util
import os
import resource
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutation.mutants import Mutant, mutants

LEAST = 85  # percent
SECONDS = 60  # of a processor, for one change
MODULES = (
    *(f"rehouse.components.{name}" for name in ("ledger", "order", "progress")),
    *(f"rehouse.cli.rollout.{name}" for name in ("deploy", "moment", "stages", "undo", "updates")),
)
TESTS = [
    f"tests/unit/test_{name}.py" for name in ("order", "progress", "undo", "rollout", "ledger")
]
# Garbage is not collected twice, which takes as long as the tests. Random walks take even longer: what they alone find
# counts as not found.
QUIET = f"-x -q -p no:cacheprovider -p no:xdist -p no:unraisableexception --assert plain --timeout {SECONDS}".split()
QUIET += ["-k", "not InAnyOrder"]


def main(only: list[str]) -> int:
    """The exit status: 0 where enough of the changes are found. *only* these modules, where some are named."""
    _preload()
    if _ended(_begun(None, None)) != 0:
        print("the tests fail without any change: mend them first")
        return 2
    todo = [(name, mutant) for name in only or MODULES for mutant in _mutants_of(name)]
    left = _survivors(todo)
    for name, mutant in left:
        print(f"{name.replace('.', '/')}.py:{mutant.line}: {mutant.change}")
    score = 100 * (len(todo) - len(left)) / len(todo)
    print(f"{len(todo)} changes, {len(left)} not found: {score:.1f} % (at least {LEAST} %)")
    return int(score < LEAST)


def _survivors(todo: list[tuple[str, Mutant]]) -> list[tuple[str, Mutant]]:
    running: dict[int, int] = {}
    ended: dict[int, int] = {}  # the status of the tests by the number of the change
    for number, (name, mutant) in enumerate(todo):
        if len(running) == (os.cpu_count() or 1):
            _await_one(running, ended)
        running[_begun(name, mutant)] = number
        if number % 50 == 0:
            print(f"… {number} of {len(todo)}", file=sys.stderr, flush=True)
    while running:
        _await_one(running, ended)
    unread = sum(status >> 8 == pytest.ExitCode.INTERRUPTED for status in ended.values())
    print(f"{unread} of those that were found could not even be imported")
    return [todo[number] for number, status in sorted(ended.items()) if status == 0]


def _await_one(running: dict[int, int], ended: dict[int, int]) -> None:
    pid, status = os.wait()
    ended[running.pop(pid)] = status


def _begun(name: str | None, mutant: Mutant | None) -> int:
    """The tests, in a process of their own; its id."""
    if pid := os.fork():
        return pid
    status = int(pytest.ExitCode.INTERRUPTED)
    with contextlib.suppress(BaseException):
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        quiet = os.open(os.devnull, os.O_RDWR)
        os.dup2(quiet, 1), os.dup2(quiet, 2)
        if name and mutant:
            _changed(name, mutant)
        status = int(pytest.main([*QUIET, *TESTS]))
    os._exit(status)


def _ended(pid: int) -> int:
    return os.waitpid(pid, 0)[1]


TREES: dict[str, ast.Module] = {}


def _mutants_of(name: str) -> list[Mutant]:
    spec = importlib.util.find_spec(name)
    assert spec
    assert spec.origin
    TREES[name] = ast.parse(Path(spec.origin).read_text(), spec.origin)
    return mutants(TREES[name])


def _changed(name: str, mutant: Mutant) -> None:
    """The module, with this change, is what everybody imports from now on."""
    spec = importlib.util.find_spec(name)
    assert spec
    mutant.make()
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(TREES[name], spec.origin or name, "exec"), vars(module))
    package, _, last = name.rpartition(".")
    setattr(sys.modules[package], last, module)


def _preload() -> None:
    """What does not depend on the changed modules is imported once."""
    importlib.import_module("tests.unit.fake_engine")
    for name in [name for name in sys.modules if name.startswith(("rehouse", "tests.unit"))]:
        del sys.modules[name]
    for name in ("hypothesis.stateful", "rehouse.components.router", "rehouse.components.targets"):
        importlib.import_module(name)
    gc.freeze()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
