"""A lab's life: up, down, visits. All changes under one lock; a killed `up` is undone."""

import contextlib
import fcntl
import os
import sys
from collections.abc import Callable, Iterator

from lab import entering, leftovers, machine, raising
from lab.errors import LabError
from lab.locks import locked
from lab.places import CHECKOUT, Places
from lab.state import State, read_state, write_state

_PATIENCE = 180
Say = Callable[[str], None]


def up(places: Places, say: Say, *, libvirt: bool = False) -> bool:
    """Raise the lab unless it stands, to stay; say whether it had to be raised."""
    machine.check(libvirt=libvirt)
    with locked(places.lock, _PATIENCE):
        raised = _ensure(places, say, libvirt=libvirt)
        _keep(places)
        return raised


def down(places: Places) -> None:
    machine.check_root()
    with locked(places.lock, _PATIENCE):
        leftovers.clear(places)


@contextlib.contextmanager
def visit(places: Places, say: Say, *, libvirt: bool, keep: bool) -> Iterator[State]:
    """The lab for a while: raised if need be, and gone after its last visitor unless kept."""
    machine.check(libvirt=libvirt)
    with locked(places.lock, _PATIENCE):
        _ensure(places, say, libvirt=libvirt)
        state = _keep(places) if keep else _state(places)
        visitor = os.open(places.visitors, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(visitor, fcntl.LOCK_SH)
    try:
        yield state
    finally:
        _leave(places, visitor)


def standing(places: Places) -> State | None:
    """The lab's state when it is ready and alive."""
    state = read_state(places)
    return state if state is not None and state.ready and state.first.alive else None


def _ensure(places: Places, say: Say, *, libvirt: bool) -> bool:
    state = standing(places)
    if state is None:
        leftovers.clear(places)
        raising.raise_lab(places, say, libvirt=libvirt)
    elif libvirt:
        _add_libvirt(places, state)
    return state is None


def _add_libvirt(places: Places, state: State) -> None:
    command = [sys.executable, "-m", "lab.inside.libvirt"]
    if entering.run(places, state.first, command, folder=CHECKOUT) != 0:
        raise LabError("libvirt", "did not come up", "see above; then: python -m lab down")


def _keep(places: Places) -> State:
    state = _state(places).made_to_stay()
    write_state(places, state)
    return state


def _state(places: Places) -> State:
    state = standing(places)
    if state is None:
        raise LabError("lab", "it ended just now", "python -m lab up")
    return state


def _leave(places: Places, visitor: int) -> None:
    with locked(places.lock, _PATIENCE), os.fdopen(visitor):
        state = read_state(places)
        if (state is None or not state.kept) and _is_last(visitor):
            leftovers.clear(places)


def _is_last(visitor: int) -> bool:
    try:
        fcntl.flock(visitor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
