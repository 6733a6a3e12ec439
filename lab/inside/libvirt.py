"""libvirt inside the lab: started when asked for, as it takes longer than all the rest."""

import subprocess
import sys
import time
from pathlib import Path

from lab.errors import LabError
from lab.inside.services import ENVIRONMENT, tail
from lab.places import Places, current

_PATIENCE = 60
_SOCKET = Path("/run/libvirt/libvirt-sock")
# Without systemd libvirt would make a cgroup /machine, which the machine's own libvirt shares.
# Nor are the lab's files labelled for the machine's AppArmor.
_QEMU_SETTINGS = '\ncgroup_controllers = []\nsecurity_driver = "none"\n'


def start(places: Places) -> None:
    """Start libvirt unless it runs."""
    if _virsh("version").returncode == 0:
        return
    with Path("/etc/libvirt/qemu.conf").open("a") as settings:
        settings.write(_QEMU_SETTINGS)
    log = places.logs / "libvirt.log"
    for daemon in ("virtlogd", "libvirtd"):
        with log.open("ab") as output:
            subprocess.run(
                [f"/usr/sbin/{daemon}", "-d"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=ENVIRONMENT,
                check=True,
            )
    _wait(log)
    _start_network()


def _wait(log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while _virsh("version").returncode != 0:
        if time.monotonic() > deadline:
            raise LabError("libvirt", f"did not come up\n{tail(log)}", f"see {log}")
        time.sleep(0.1)


def _start_network() -> None:
    started = _virsh("net-start", "default")
    if started.returncode != 0 and "already active" not in started.stderr:
        raise LabError("libvirt", started.stderr.strip(), "apt-get install dnsmasq-base iptables")


def _virsh(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["virsh", "--connect=qemu:///system", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)


if __name__ == "__main__":
    try:
        start(current())
    except LabError as error:
        sys.exit(str(error))
