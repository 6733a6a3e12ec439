"""Processes of this machine, as far as one can see from here: whether one is gone, whether one is an engine."""

import os
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
ENGINE = "pulumi"
ENDED = "ZX"  # states of one that has, while nobody has asked how


def is_gone(pid: int, ticks: int) -> bool:
    """None of that number which began then is in our namespace. False also where it cannot be looked at."""
    try:
        os.kill(pid, 0)  # which finds also what /proc hides
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # there is one
    with suppress(OSError):
        _, state, started = _looked_at(PROC / str(pid))
        return state in ENDED or started != ticks
    return False


def began(pid: int) -> int:
    """In ticks since the boot. Raises OSError."""
    return _looked_at(PROC / str(pid))[2]


def is_seen(pid: int) -> bool:
    """An engine of this number, also in a container that we can see into. That none is seen proves nothing."""
    return any(_is_engine(each) and pid in _numbers(each) for each in PROC.glob("[0-9]*"))


def _is_engine(process: Path) -> bool:
    with suppress(OSError):
        name, state, _ = _looked_at(process)
        return name == ENGINE and state not in ENDED
    return False


def _numbers(process: Path) -> list[int]:
    """Its number here, and what it is called in the containers that it is in: a lock may have been made there."""
    with suppress(OSError):
        for line in (process / "status").read_text().splitlines():
            if line.startswith("NSpid:"):
                return [int(number) for number in line.split()[1:]]
        return [int(process.name)]
    return []


def _looked_at(process: Path) -> tuple[str, str, int]:
    """Name, state and start. Raises OSError, also where /proc is that of another namespace than ours."""
    if (PROC / "self").readlink().name != str(os.getpid()):
        raise OSError(f"{PROC} is of another namespace")
    name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
    fields = rest.split()
    return name, fields[0], int(fields[19])
