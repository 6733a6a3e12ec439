"""What a bench leaves, ended or killed, and its removal."""

import contextlib
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from bench import many, swarm
from lab.errors import LabError

_AT_ONCE = 4
_LABELS = ("bench.bare", "rehouse.stack=bench/bench", "rehouse.stack=commanded/commanded")


def sweep(client: docker.DockerClient, folder: Path) -> None:
    """Leave nothing of a bench in that folder; nor touch a swarm of somebody else."""
    if folder.exists():
        swarm.leave(client)
    elif client.info()["Swarm"]["LocalNodeState"] != "inactive":
        raise LabError("bench", "this Docker is in a swarm already", "python -m lab down")
    sweep_many(client, folder / "many")
    for container in _containers(client, folder):
        container.remove(force=True, v=True)
    for label in _LABELS:
        for network in client.networks.list(filters={"label": label}):
            network.remove()
    shutil.rmtree(folder, ignore_errors=True)


def sweep_many(client: docker.DockerClient, folder: Path) -> None:
    """The same for hundreds at once."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        every = client.containers.list(all=True, ignore_removed=True)
        list(pool.map(_remove, [each for each in every if _is_of_many(each.labels)]))
        networks = client.networks.list()
        list(pool.map(_remove, [each for each in networks if _is_of_many(each.attrs["Labels"])]))
    shutil.rmtree(folder, ignore_errors=True)


def _is_of_many(labels: dict[str, str] | None) -> bool:
    told = labels or {}
    ours = told.get("rehouse.stack", "").startswith(f"{many.PROJECT}/")
    return ours or told.get("com.docker.compose.project") == many.PROJECT


def _remove(thing: Any) -> None:
    with contextlib.suppress(docker.errors.NotFound):
        thing.remove(**({"force": True, "v": True} if isinstance(thing, Container) else {}))


def _containers(client: docker.DockerClient, folder: Path) -> Iterator[Container]:
    """By their label, or by the folder that they look into."""
    for container in client.containers.list(all=True):
        labels = {*container.labels, *(f"{key}={value}" for key, value in container.labels.items())}
        mounts = [str(mount.get("Source", "")) for mount in container.attrs["Mounts"]]
        if labels & set(_LABELS) or any(mount.startswith(f"{folder}/") for mount in mounts):
            yield container
