"""The first process inside: it furnishes the namespaces, starts the daemons and reaps the dead."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.inside import libvirt, mounts, network, services
from lab.places import Places


def main() -> None:
    places = Places(sys.argv[1])
    # /proc is still the outer one: it tells the pid that others know us by.
    report(first=int(Path("/proc/self").readlink().name))
    if not sys.stdin.readline():
        return  # Whoever started us died before writing down that we exist.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Forked, as libvirt waits for a QEMU it has let go of: somebody must reap from the beginning.
    furnisher = os.fork()
    if furnisher == 0:
        os._exit(attempt(places, with_libvirt="--libvirt" in sys.argv))
    let_go(places)
    reap_for_ever(furnisher)


def attempt(places: Places, *, with_libvirt: bool) -> int:
    try:
        furnish(places, with_libvirt=with_libvirt)
    except (LabError, OSError, subprocess.SubprocessError) as error:
        report(failed=str(error))
        return 1
    report(ready=True)
    return 0


def furnish(places: Places, *, with_libvirt: bool) -> None:
    timed("mounts", lambda: mounts.furnish(places))
    timed("network", network.furnish)
    timed("docker and registry", lambda: services.start(places))
    if with_libvirt:
        timed("libvirt", lambda: libvirt.start(places))


def timed(what: str, work: Callable[[], object]) -> None:
    began = time.monotonic()
    work()
    report(step=what, seconds=round(time.monotonic() - began, 2))


def report(**fact: Any) -> None:
    print(json.dumps(fact), flush=True)


def let_go(places: Places) -> None:
    """Leave the pipes to `lab up` to the furnisher alone: they are to close with it."""
    log = os.open(places.logs / "first.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)


def reap_for_ever(furnisher: int) -> None:
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            time.sleep(1)
            continue
        if status:
            print(f"process {pid} ended with {os.waitstatus_to_exitcode(status)}", flush=True)
        if status and pid == furnisher:
            return  # And with the first process, the kernel ends all others.


if __name__ == "__main__":
    main()
