"""Whether this machine can have a lab: root, and Debian's packages."""

import os
import shutil
import sys

from lab.errors import LabError

_PACKAGES = {
    "containerd": "containerd",
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
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def check(*, libvirt: bool) -> None:
    check_root()
    for program, package in (_PACKAGES | (_LIBVIRT_PACKAGES if libvirt else {})).items():
        if shutil.which(program, path=_PATH) is None:
            raise LabError.missing(program, package)


def check_root() -> None:
    if os.geteuid() != 0:
        fix = "sudo " + " ".join([sys.executable, "-m", "lab", *sys.argv[1:]])
        raise LabError("lab", "namespaces and daemons need root", fix)
