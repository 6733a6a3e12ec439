"""Starting the first process of a lab, in an order that survives being killed at any point."""

import subprocess
import sys
from collections.abc import Callable

from lab import cache, leftovers
from lab.places import CHECKOUT, Places
from lab.report import follow, read_first
from lab.state import State, write_state


def raise_lab(places: Places, say: Callable[[str], None], *, libvirt: bool) -> None:
    places.root.mkdir(mode=0o711)
    places.logs.mkdir()
    try:
        cache.copy_registry(places.root / "registry")
        _start(places, say, libvirt=libvirt)
    except BaseException:
        leftovers.clear(places)
        raise


def _start(places: Places, say: Callable[[str], None], *, libvirt: bool) -> None:
    outer = _unshare(places, libvirt=libvirt)
    assert outer.stdin is not None
    assert outer.stdout is not None
    state = State.starting(outer.pid, read_first(outer.stdout))
    write_state(places, state)
    # Only now, when a later command could find and end it, may it begin.
    outer.stdin.write("go\n")
    outer.stdin.close()
    follow(outer.stdout, say)
    write_state(places, state.made_ready())


def _unshare(places: Places, *, libvirt: bool) -> "subprocess.Popen[str]":
    kinds = ["--net", "--mount", "--pid", "--fork", "--kill-child"]
    inside = [sys.executable, "-m", "lab.inside", places.name, *(["--libvirt"] * libvirt)]
    return subprocess.Popen(
        ["unshare", *kinds, *inside],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
