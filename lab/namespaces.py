"""The few system calls that Python 3.11 does not have: setns, mount, prctl."""

import ctypes
import os
import signal

NEW_MOUNT, NEW_CGROUP, NEW_PID, NEW_NET = 0x0002_0000, 0x0200_0000, 0x2000_0000, 0x4000_0000
_PARENT_DEATH_SIGNAL = 1
_libc = ctypes.CDLL(None, use_errno=True)


def join(handle: int, kinds: int) -> None:
    """Join namespaces of the process behind this pidfd."""
    _check(_libc.setns(handle, kinds), "setns")


def die_with_parent(number: signal.Signals) -> None:
    _check(_libc.prctl(_PARENT_DEATH_SIGNAL, int(number), 0, 0, 0), "prctl")


def _check(result: int, call: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{call}: {os.strerror(code)}")
