"""A lab's life: up, down, and whether it stands. All under one lock; a killed `up` is undone."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from lab import cache, leftovers
from lab.errors import LabError
from lab.locks import locked
from lab.places import CHECKOUT, Places
from lab.report import follow, read_first
from lab.state import State, read_state, write_state

_PATIENCE = 180
_PACKAGES = {
    "dockerd": "docker.io",
    "docker-registry": "docker-registry",
    "haproxy": "haproxy",
    "ip": "iproute2",
    "iptables": "iptables",
    "unshare": "util-linux",
}
_LIBVIRT_PACKAGES = {
    "dnsmasq": "dnsmasq-base",
    "libvirtd": "libvirt-daemon-system",
    "qemu-system-x86_64": "qemu-system-x86",
    "virsh": "libvirt-clients",
}
Say = Callable[[str], None]


def up(places: Places, say: Say, *, libvirt: bool = False) -> bool:
    """Raise the lab unless it stands; say whether it had to be raised."""
    check_machine(libvirt=libvirt)
    with locked(places.lock, _PATIENCE):
        if standing(places) is not None:
            return False
        leftovers.clear(places)
        _raise(places, say, libvirt=libvirt)
        return True


def down(places: Places) -> None:
    check_root()
    with locked(places.lock, _PATIENCE):
        leftovers.clear(places)


def standing(places: Places) -> State | None:
    """The lab's state when it is ready and alive."""
    state = read_state(places)
    return state if state is not None and state.ready and state.first.alive else None


def check_machine(*, libvirt: bool) -> None:
    check_root()
    for program, package in (_PACKAGES | (_LIBVIRT_PACKAGES if libvirt else {})).items():
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            raise LabError.missing(program, package)


def check_root() -> None:
    if os.geteuid() != 0:
        fix = "sudo " + " ".join([sys.executable, "-m", "lab", *sys.argv[1:]])
        raise LabError("lab", "namespaces and daemons need root", fix)


def _raise(places: Places, say: Say, *, libvirt: bool) -> None:
    places.root.mkdir(mode=0o711)
    places.logs.mkdir()
    try:
        cache.copy_registry(places.root / "registry")
        _start_first(places, say, libvirt=libvirt)
    except BaseException:
        leftovers.clear(places)
        raise


def _start_first(places: Places, say: Say, *, libvirt: bool) -> None:
    holder = _unshare(places, libvirt=libvirt)
    assert holder.stdin is not None
    assert holder.stdout is not None
    state = State.starting(holder.pid, read_first(holder.stdout))
    write_state(places, state)
    # Only now, when a later command could find and end it, may it begin.
    holder.stdin.write("go\n")
    holder.stdin.close()
    follow(holder.stdout, say)
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
