"""Plays a machine that has a Docker of its own, and uses a lab on it. Runs in its own mounts."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.lab.labs import Lab

SOCKET = Path("/run/docker.sock")


def main() -> None:
    subprocess.run(["mount", "-n", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    with socket.socket(socket.AF_UNIX) as own:
        own.bind(str(SOCKET))
        own.listen()
        own.setblocking(False)
        before = SOCKET.stat()
        elsewhere = os.environ | {"DOCKER_HOST": f"unix://{SOCKET}2", "DOCKER_CONTEXT": "other"}
        used = Lab(sys.argv[1]).run("docker", "version", env=elsewhere)
        assert used.returncode == 0, used.stderr
        assert SOCKET.stat() == before, "the socket was replaced"
        assert sorted(Path("/run").iterdir()) == [SOCKET]
        try:
            own.accept()
        except BlockingIOError:
            return
        raise AssertionError("somebody talked to the machine's own Docker")


if __name__ == "__main__":
    main()
