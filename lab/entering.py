"""Running a command inside the lab as if it had been run here: same folder, streams, exit code."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from lab import namespaces
from lab.errors import LabError
from lab.places import NAME_VARIABLE, Places
from lab.processes import Process

# Any of these could lead to a daemon that is not the lab's.
_DROPPED = (
    "DOCKER_CERT_PATH",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "DOCKER_TLS_VERIFY",
    "LIBVIRT_DEFAULT_URI",
)
_FORWARDED = {signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2}
_TYPED = {signal.SIGINT, signal.SIGQUIT}
_NOT_FOUND = 127


def run(places: Places, first: Process, command: Sequence[str], folder: Path | None = None) -> int:
    """Run it, pass signals on, and answer its exit code as a shell would."""
    with first.pinned() as lab, _waiting_for_signals() as signals:
        if lab is None:
            raise LabError("lab", "it ended just now", "python -m lab up")
        child = _fork(lab, folder or Path.cwd(), command, environment(os.environ, places))
        return _attend(child, signals)


def environment(outside: Mapping[str, str], places: Places) -> dict[str, str]:
    kept = {name: value for name, value in outside.items() if name not in _DROPPED}
    # An empty folder: the user's own may hold a current context that leads elsewhere.
    return kept | {NAME_VARIABLE: places.name, "DOCKER_CONFIG": "/run/docker-config"}


def _fork(lab: int, folder: Path, command: Sequence[str], variables: Mapping[str, str]) -> int:
    home = os.pidfd_open(os.getpid())
    # A process cannot change its PID namespace, only that of its children: there and back.
    namespaces.join(lab, namespaces.NEW_PID)
    child = os.fork()
    if child == 0:
        _become(lab, folder, command, variables)
    namespaces.join(home, namespaces.NEW_PID)
    os.close(home)
    return child


def _become(
    lab: int, folder: Path, command: Sequence[str], variables: Mapping[str, str]
) -> NoReturn:
    try:
        namespaces.die_with_parent(signal.SIGTERM)
        if not os.isatty(0):
            os.setpgid(0, 0)  # Without a terminal we pass on each signal ourselves, once.
        namespaces.join(lab, namespaces.NEW_NET | namespaces.NEW_MOUNT)
        os.chdir(folder)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execvpe(command[0], list(command), dict(variables))  # noqa: S606
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr, flush=True)
    finally:
        os._exit(_NOT_FOUND)


@contextlib.contextmanager
def _waiting_for_signals() -> Iterator[set[signal.Signals]]:
    """Blocked, so that none gets lost between two waits."""
    signals = {*_FORWARDED, *_TYPED, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield signals
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _attend(child: int, signals: set[signal.Signals]) -> int:
    typed_for_both = os.isatty(0)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        arrived = signal.sigwaitinfo(signals).si_signo
        # At a terminal Ctrl-C reaches the whole group: the command has had it already.
        if arrived in _FORWARDED or (arrived in _TYPED and not typed_for_both):
            os.kill(child, arrived)
