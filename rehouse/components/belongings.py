"""Networks, ports and volumes: what the instances of one generation share on a Docker daemon."""

import io
import random
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import docker
from docker.errors import APIError, NotFound


def user_of(
    client: docker.DockerClient, image: str, user: str = "", labels: dict[str, str] | None = None
) -> str:
    """Whom *user*, or the image's own, is in numbers, ``uid:gid``; names are those of its /etc/passwd."""
    named = user or client.api.inspect_image(image)["Config"].get("User") or "0"
    name, _, group = named.partition(":")
    if name.isdecimal() and (group or name).isdecimal():
        return f"{name}:{group or name}"
    uid, gid = _passwd(client, image, labels).get(name, (name, name))
    return f"{uid}:{group if group.isdecimal() else gid}"


def _passwd(
    client: docker.DockerClient, image: str, labels: dict[str, str] | None
) -> dict[str, tuple[str, str]]:
    """User to uid and gid."""
    with _never_started(client, image, labels=labels) as container:
        chunks, _ = client.api.get_archive(container, "/etc/passwd")
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            file = archive.extractfile("passwd")
            lines = file.read().decode(errors="replace").splitlines() if file else []
    fields = [line.split(":") for line in lines if line.count(":") >= 3]
    return {each[0]: (each[2], each[3]) for each in fields}


def create_volume(
    client: docker.DockerClient,
    name: str,
    labels: dict[str, str],
    image: str,
    files: dict[str, str],
    owner: str,
) -> None:
    """A volume of files that *owner*, uid:gid, alone can read; nothing is left where it fails."""
    client.api.create_volume(name, labels=labels)
    try:
        with _never_started(client, image, {name: {"bind": "/files"}}, labels) as container:
            client.api.put_archive(container, "/files", _packed(files, owner))
    except BaseException:
        remove_volume(client, name)
        raise


def remove_volume(client: docker.DockerClient, name: str) -> None:
    """Also if it is gone already. Raises LookupError with Docker's words, for example while it is in use."""
    try:
        client.api.remove_volume(name)
    except NotFound:
        return
    except APIError as error:
        raise LookupError(str(error.explanation)) from error


def _packed(files: dict[str, str], owner: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            file = tarfile.TarInfo(name)
            file.mode, file.size = 0o400, len(content.encode())
            file.uid, file.gid = (int(number) for number in owner.split(":"))
            archive.addfile(file, io.BytesIO(content.encode()))
    return packed.getvalue()


@contextmanager
def _never_started(
    client: docker.DockerClient,
    image: str,
    volumes: Mapping[str, Mapping[str, str]] | None = None,
    labels: dict[str, str] | None = None,
) -> Iterator[str]:
    """A container by which files are read and written."""
    settings = client.api.create_host_config(binds=dict(volumes or {}))
    container = client.api.create_container(
        image, command=["never-run"], host_config=settings, labels=labels
    )["Id"]
    try:
        yield str(container)
    finally:
        client.api.remove_container(container, v=True, force=True)


Labels = Mapping[str, str]


def remove_containers_in(client: docker.DockerClient, network: str, labels: Labels) -> None:
    """Ours, also those that were never started, of which the network itself knows nothing."""
    for each in client.api.containers(all=True, filters=_labelled(labels)):
        if each["HostConfig"].get("NetworkMode") == network:
            client.api.remove_container(each["Id"], v=True, force=True)


def remove_containers_with(client: docker.DockerClient, volume: str, labels: Labels) -> None:
    """Every container of ours that mounts it."""
    for each in client.api.containers(all=True, filters={"volume": volume, **_labelled(labels)}):
        client.api.remove_container(each["Id"], v=True, force=True)


def _labelled(labels: Labels) -> dict[str, list[str]]:
    return {"label": [f"{name}={value}" for name, value in labels.items()]}


def create_network(client: docker.DockerClient, name: str, labels: dict[str, str]) -> str:
    """A bridge network; its id. Raises LookupError with Docker's words."""
    try:
        return str(client.api.create_network(name, driver="bridge", labels=labels)["Id"])
    except APIError as error:
        raise LookupError(str(error.explanation)) from error


def network_exists(client: docker.DockerClient, network: str) -> bool:
    try:
        client.api.inspect_network(network)
    except NotFound:
        return False
    return True


def volume_exists(client: docker.DockerClient, name: str) -> bool:
    try:
        client.api.inspect_volume(name)
    except NotFound:
        return False
    return True


def remove_network(client: docker.DockerClient, network: str) -> None:
    """Also if it is gone already. Raises LookupError with Docker's words, for example while it is in use."""
    try:
        client.api.remove_network(network)
    except NotFound:
        return
    except APIError as error:
        raise LookupError(str(error.explanation)) from error


PORTS = range(20000, 30000)  # below what Linux (32768) and Kubernetes (30000) choose themselves
PORTS_LABEL = "rehouse.ports"


def free_ports(client: docker.DockerClient, count: int) -> list[int]:
    """Host ports that no container has and no network of ours keeps. Raises LookupError where too few are left."""
    taken = {port for each in client.api.networks() for port in _kept(each)}
    for container in client.api.containers():
        taken |= {each.get("PublicPort", 0) for each in container["Ports"]}
    free = [port for port in PORTS if port not in taken]
    if len(free) < count:
        raise LookupError(f"{count} ports are needed, {len(free)} from {PORTS[0]} on are free")
    return random.sample(free, count)


def _kept(network: Mapping[str, Mapping[str, str] | None]) -> list[int]:
    return [int(port) for port in (network["Labels"] or {}).get(PORTS_LABEL, "").split()]
