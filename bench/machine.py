"""On what it was measured."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import docker

from lab.places import CHECKOUT


def about(client: docker.DockerClient) -> dict[str, Any]:
    info = client.info()
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": {
            "processor": _processor(),
            "processors": os.cpu_count(),
            "memory_mib": info["MemTotal"] >> 20,
            "kernel": platform.release(),
            "load_before": os.getloadavg(),
        },
        "versions": {
            "docker": info["ServerVersion"],
            "docker_storage": info["Driver"],
            "python": platform.python_version(),
            **{name: version(name) for name in ("pulumi", "pulumi-docker", "rehouse")},
        },
    }


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
