"""What a bench leaves, ended or killed, and its removal."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import docker
from docker.models.containers import Container

from bench import swarm
from lab.errors import LabError

_LABELS = ("bench.bare", "rehouse.stack=bench/bench", "rehouse.stack=commanded/commanded")


def sweep(client: docker.DockerClient, folder: Path) -> None:
    """Leave nothing of a bench in that folder; nor touch a swarm of somebody else."""
    if folder.exists():
        swarm.leave(client)
    elif client.info()["Swarm"]["LocalNodeState"] != "inactive":
        raise LabError("bench", "this Docker is in a swarm already", "python -m lab down")
    for container in _containers(client, folder):
        container.remove(force=True, v=True)
    for label in _LABELS:
        for network in client.networks.list(filters={"label": label}):
            network.remove()
    shutil.rmtree(folder, ignore_errors=True)


def _containers(client: docker.DockerClient, folder: Path) -> Iterator[Container]:
    """By their label, or by the folder that they look into."""
    for container in client.containers.list(all=True):
        labels = {*container.labels, *(f"{key}={value}" for key, value in container.labels.items())}
        mounts = [str(mount.get("Source", "")) for mount in container.attrs["Mounts"]]
        if labels & set(_LABELS) or any(mount.startswith(f"{folder}/") for mount in mounts):
            yield container
