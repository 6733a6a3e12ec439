"""Taking a lab away, whole or half made: processes, then cgroups, then files."""

import contextlib
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from lab.errors import LabError
from lab.places import Places
from lab.state import read_state

_PATIENCE = 20


def clear(places: Places) -> None:
    """Leave nothing. Safe to repeat, and to run on what another run left half cleared."""
    _end_processes(places)
    for cgroup in places.cgroups:
        _until(partial(_remove_cgroup, cgroup), f"{cgroup} is in use")
    _until(lambda: _remove_folder(places.root), f"{places.root} cannot be removed")


def _end_processes(places: Places) -> None:
    state = read_state(places)
    if state is None:
        return
    # The kernel ends the first process of a PID namespace only after all others in it.
    if not state.first.kill():
        fix = f"see what process {state.first.pid} waits for, then: python -m lab down"
        raise LabError("lab", f"process {state.first.pid} does not end", fix)
    _until(lambda: not state.outer.alive, f"process {state.outer.pid} does not end")


def _remove_cgroup(cgroup: Path) -> bool:
    """Children first; a cgroup is removed with rmdir, though files seem to be in it."""
    with contextlib.suppress(OSError):
        for child in sorted(cgroup.rglob("*/"), reverse=True):
            child.rmdir()
        cgroup.rmdir()
    return not cgroup.exists()


def _remove_folder(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        shutil.rmtree(folder)
    return not folder.exists()


def _until(done: Callable[[], bool], otherwise: str) -> None:
    # Mounts and cgroups of processes that have just ended go a moment after them.
    deadline = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise LabError("lab", otherwise, "python -m lab down")
        time.sleep(0.02)
