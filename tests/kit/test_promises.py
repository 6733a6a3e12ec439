"""What a guest is like from inside: as a container would be."""

import hashlib
from typing import Any

import pytest

from tests.kit.machine import started

SECRET = "hunter2-und-mehr"
PROMISED: dict[str, Any] = {
    "entrypoint": ["example"],
    "user": "web",
    "workdir": "/srv/data",
    "env": {"REHOUSE_GENERATION": "web-7654321", "PATH": "/none:/", "COLOUR": "blue = green"},
    "pids": 40,
}


@pytest.fixture(scope="module")
def guest(kit, disk, tmp_path_factory):
    folder = tmp_path_factory.mktemp("guest")
    with started(kit, disk, folder, secrets={"PASSWORD": SECRET}, **PROMISED) as machine:
        machine.get("/healthz")
        machine.prints("listening on")
        yield machine


def test_it_answers_with_its_own_kernel_and_name(guest, kit):
    """The image's program answers over the network, on the kit's kernel, by the name it was given."""
    told = guest.get("/")
    assert (told["generation"], told["host"]) == ("web-7654321", "web-1234567-0")
    assert kit.manifest["kernel"] == told["kernel"]


def test_environment(guest):
    """The service finds the environment it was promised, and what every container has."""
    lines = guest.run("/probe", "env").out.splitlines()
    assert {"COLOUR=blue = green", "HOME=/srv", "HOSTNAME=web-1234567-0"} <= set(lines)


def test_user_groups_and_workdir(guest):
    """A user by name is who the image says, with its groups; a missing working directory is made."""
    assert guest.run("/probe", "where").out == "/srv/data 1234 2345 [3456]\n"
    assert guest.run("/probe", "where", user="root").out == "/srv/data 0 0 []\n"


def test_secrets_are_files_of_the_user_alone(guest):
    """A secret is a file that only the service's user can read, in memory, and nowhere else."""
    told = guest.get("/file?path=/run/secrets/PASSWORD")
    assert told == {
        "mode": "0400",
        "uid": 1234,
        "sha256": hashlib.sha256(SECRET.encode()).hexdigest(),
    }
    other = guest.run("/probe", "cat", "/run/secrets/PASSWORD", user="1000:1000")
    assert (other.code, other.out) == (1, "")
    assert SECRET not in guest.run("/probe", "cat", "/proc/cmdline").out
    assert SECRET not in guest.console


def test_names_and_addresses(guest):
    """Hosts, resolver, hostname and machine id are the guest's own, whatever is in the image."""
    hosts = guest.run("/probe", "cat", "/etc/hosts").out
    assert "10.0.2.15\tweb-1234567-0\n" in hosts
    assert guest.run("/probe", "cat", "/etc/resolv.conf").out == "nameserver 10.0.2.2\n"
    assert guest.run("/probe", "cat", "/etc/hostname").out == "web-1234567-0\n"
    assert guest.run("/probe", "cat", "/etc/machine-id").out == "0123456789abcdef0123456789abcdef\n"


def test_no_capabilities_and_no_new_privileges(guest):
    """Neither the service's user nor root has a capability, or can get one."""
    for user in ("web", "root"):
        status = guest.run("/probe", "cat", "/proc/self/status", user=user).out
        assert "NoNewPrivs:\t1\n" in status
        for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb"):
            assert f"Cap{kind}:\t0000000000000000\n" in status


def test_the_root_is_read_only(guest):
    """Nobody writes to the root; /tmp, /run and /dev/shm are in memory."""
    for path in (
        "/new",
        "/etc/hosts",
        "/srv/data/new",
        "/run/secrets/PASSWORD",
        "/sys/kernel/profiling",
    ):
        assert "read-only file system" in guest.run("/probe", "touch", path, user="root").err, path
    for path in ("/tmp/new", "/dev/shm/new"):
        assert guest.run("/probe", "touch", path).code == 0, path


def test_the_kernel_is_out_of_reach(guest):
    """Not even root of the service changes the kernel's settings or stops it."""
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"):
        assert "read-only file system" in guest.run("/probe", "touch", path, user="root").err, path
    assert (
        "operation not permitted" in guest.run("/probe", "node", "/dev/disk", "0", user="root").err
    )


def test_the_configuration_disk_is_gone(guest):
    """The guest has one disk, and that is its image."""
    disks = guest.run("/probe", "list", "/sys/block").out
    assert [line.split()[0] for line in disks.splitlines() if line.startswith("vd")] == ["vda"]


def test_so_many_processes_and_no_more(guest):
    """A service that multiplies is stopped at its limit, and can then be asked as before."""
    count, reason = guest.run("/probe", "fork").out.split(" ", 1)
    assert 3 <= int(count) < PROMISED["pids"]
    assert "resource temporarily unavailable" in reason


def test_the_agent_passes_input_output_and_exit_code_on(guest):
    """A program run by the agent is typed to, heard, and its end is told."""
    heard = guest.run("/probe", "echo", **{"input-data": "dHlwZWQ="})
    assert (heard.out, heard.code) == ("typed", 0)
    assert guest.run("/probe", "exit").code == 7
    assert "error" in guest.agent("guest-exec", path="/none")


def test_the_agent_speaks_as_libvirt_expects(guest):
    """libvirt's first question is answered by what it has asked."""
    assert guest.agent("guest-sync-delimited", id=4711)["return"] == 4711
    names = [each["name"] for each in guest.agent("guest-info")["return"]["supported_commands"]]
    assert {"guest-exec", "guest-exec-status", "guest-ping", "guest-shutdown"} <= set(names)
