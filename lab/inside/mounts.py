"""What the lab sees of the disk: its own /run, /proc, /sys and copies of shared folders."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

from lab.places import Places

# Where the machine's own Docker and libvirt keep their things.
_SHARED = (
    "/etc/docker",
    "/etc/libvirt",
    "/var/cache/libvirt",
    "/var/lib/libvirt",
    "/var/log/libvirt",
)
_COPIED = ("/etc/libvirt",)
_RUN = ("docker-config", "haproxy", "libvirt", "lock", "sshd", f"user/{os.getuid()}")
_KVM = Path("/dev/kvm")


def furnish(places: Places) -> None:
    _mount("-t", "proc", "proc", "/proc")
    _own_sys()
    _own_run()
    for folder in _SHARED:
        _own_folder(Path(folder), places.root / "house" / folder.strip("/").replace("/", "-"))
    if _KVM.exists():
        _open_kvm()


def _own_sys() -> None:
    """/sys shows the network of whoever mounted it; the cgroups under it are to be kept."""
    keep = Path("/run")
    _mount("--rbind", "/sys/fs/cgroup", str(keep))
    _mount("-t", "sysfs", "sysfs", "/sys")
    _mount("--move", str(keep), "/sys/fs/cgroup")


def _own_run() -> None:
    _mount("-t", "tmpfs", "-o", "mode=755", "rehouse-lab", "/run")
    for name in _RUN:
        (Path("/run") / name).mkdir(parents=True)


def _own_folder(folder: Path, copy: Path) -> None:
    if not folder.is_dir():
        return
    if str(folder) in _COPIED:
        shutil.copytree(folder, copy, symlinks=True)
    else:
        _copy_empty(folder, copy)
    _mount("--bind", str(copy), str(folder))


def _copy_empty(folder: Path, copy: Path) -> None:
    """The folders right below, with their owners, and nothing in them."""
    copy.mkdir(parents=True)
    for old in (folder, *(entry for entry in folder.iterdir() if entry.is_dir())):
        new = copy / old.relative_to(folder)
        new.mkdir(exist_ok=True)
        about = old.stat()
        os.chown(new, about.st_uid, about.st_gid)
        new.chmod(stat.S_IMODE(about.st_mode))


def _open_kvm() -> None:
    """A device of our own that QEMU's user may open: else libvirt probes QEMU at each start."""
    own = Path("/run/kvm")
    os.mknod(own, stat.S_IFCHR | 0o666, _KVM.stat().st_rdev)
    own.chmod(0o666)
    _mount("--bind", str(own), str(_KVM))


def _mount(*arguments: str) -> None:
    # Without -n it writes a table into the machine's /run.
    subprocess.run(["mount", "-n", *arguments], check=True)
