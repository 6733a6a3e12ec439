"""What a spec may ask for beyond the usual."""

from typing import Any

from tests.kit.machine import started


def test_a_writable_root_and_a_capability(kit, disk, tmp_path):
    """A root that may be written is, without touching the disk; root has the capabilities asked for, and a disk that is
    gone cannot be opened even by who may make devices."""
    before = disk.read_bytes()
    wishes: dict[str, Any] = {
        "read_only": False,
        "capabilities": ["MKNOD", "NET_BIND_SERVICE"],
        "user": "",
    }
    with started(kit, disk, tmp_path, secrets={"KEY": "value"}, **wishes) as guest:
        guest.get("/healthz")
        for path in ("/new", "/etc/hosts"):
            assert guest.run("/probe", "touch", path).code == 0, path
        status = guest.run("/probe", "cat", "/proc/self/status").out
        assert "CapEff:\t0000000008000400\n" in status
        plain = guest.run("/probe", "cat", "/proc/self/status", user="1000").out
        assert "CapEff:\t0000000008000400\n" in plain
        major = int(guest.run("/probe", "cat", "/sys/block/vda/dev").out.split(":")[0])
        for name, minor in (("vda", 0), ("vdb", 16)):
            made = guest.run("/probe", "node", f"/dev/{name}", str(major << 8 | minor))
            assert made.code == 0, made.err
        assert guest.run("/probe", "head", "/dev/vda").code == 0
        assert "no such device or address" in guest.run("/probe", "head", "/dev/vdb").err
    assert before == disk.read_bytes()
