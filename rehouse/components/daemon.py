"""What we ask a Docker daemon ourselves: images, what became of a container, its log."""

import io
import socket
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.tls import TLSConfig

from rehouse.components.errors import OutOfReach
from rehouse.components.site import Daemon

SECONDS = 15  # an answer takes milliseconds; a registry that Docker asks for us may take longer
LOG_LINES = 20


@contextmanager
def connected(daemon: Daemon) -> Iterator[docker.DockerClient]:
    """A client of the daemon. Raises OutOfReach, also for what happens while it is used."""
    tls = _tls(Path(daemon.certificates)) if daemon.certificates else False
    try:
        client = docker.DockerClient(
            base_url=daemon.url, tls=tls, use_ssh_client=True, version="auto", timeout=SECONDS
        )
    except (DockerException, OSError, requests.RequestException) as error:
        raise _out_of_reach(daemon, error) from error
    try:
        yield client
    except requests.RequestException as error:
        raise _out_of_reach(daemon, error) from error
    finally:
        client.close()


class Watch:
    """Eyes on one container: does it still run, what did it print, does a command succeed in it."""

    def __init__(self, client: docker.DockerClient, container: str) -> None:
        self._client, self._container = client, container

    def ended(self) -> str | None:
        """Why it does not run as it was started, or None while it does."""
        try:
            found = self._client.api.inspect_container(self._container)
        except NotFound:
            return "is gone: somebody removed the container"
        state = found["State"]
        if found["RestartCount"]:
            return f"exited and was restarted {found['RestartCount']} times"
        if state["Status"] in ("exited", "dead", "restarting"):
            killed = ", out of memory" if state["OOMKilled"] else ""
            return f"exited with status {state['ExitCode']}{killed}"
        return None

    def log_tail(self) -> str:
        """Its last lines, both streams."""
        try:
            tail = self._client.api.logs(self._container, tail=LOG_LINES)
        except APIError as error:
            return f"(no log: {error.explanation})"
        return tail.decode(errors="replace").rstrip()

    def run(self, command: tuple[str, ...]) -> tuple[int, str]:
        """Exit status and the end of what the command printed."""
        try:
            job = self._client.api.exec_create(self._container, list(command))["Id"]
            printed = self._client.api.exec_start(job)
            status = self._client.api.exec_inspect(job)["ExitCode"]
        except APIError as error:
            return 126, str(error.explanation)
        return status, printed.decode(errors="replace").strip()[-200:]

    def limit_processes(self, pids: int) -> None:
        """Docker's own limit, for which the Pulumi provider has no input."""
        url = f"{self._client.api.base_url}/containers/{self._container}/update"
        self._client.api.post(url, json={"PidsLimit": pids}, timeout=SECONDS).raise_for_status()


def platform(client: docker.DockerClient) -> str:
    """Operating system and processor, like linux/amd64."""
    version = client.version()
    return f"{version['Os']}/{version['Arch']}"


def local_image(client: docker.DockerClient, image: str) -> dict[str, object] | None:
    """What the daemon itself has under that name."""
    try:
        return dict(client.api.inspect_image(image))
    except (ImageNotFound, NotFound):
        return None


def published_image(client: docker.DockerClient, image: str) -> tuple[str, list[str]]:
    """Digest and platforms, as the registry answers the daemon now. Raises LookupError with its words."""
    try:
        found = client.api.inspect_distribution(image)
    except APIError as error:
        raise LookupError(str(error.explanation or error).strip()) from error
    platforms = [f"{each['os']}/{each['architecture']}" for each in found.get("Platforms") or ()]
    return found["Descriptor"]["digest"], platforms


def user_of(client: docker.DockerClient, image: str, user: str = "") -> str:
    """Whom *user*, or the image's own, is in numbers, ``uid:gid``; names are those of its /etc/passwd."""
    named = user or client.api.inspect_image(image)["Config"].get("User") or "0"
    name, _, group = named.partition(":")
    if name.isdecimal() and (group or name).isdecimal():
        return f"{name}:{group or name}"
    uid, gid = _passwd(client, image).get(name, (name, name))
    return f"{uid}:{group if group.isdecimal() else gid}"


def _passwd(client: docker.DockerClient, image: str) -> dict[str, tuple[str, str]]:
    """User to uid and gid."""
    with _never_started(client, image) as container:
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
        with _never_started(client, image, {name: {"bind": "/files"}}) as container:
            client.api.put_archive(container, "/files", _packed(files, owner))
    except APIError:
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
    client: docker.DockerClient, image: str, volumes: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[str]:
    """A container by which files are read and written."""
    settings = client.api.create_host_config(binds=dict(volumes or {}))
    command = ["never-run"]
    container = client.api.create_container(image, command=command, host_config=settings)["Id"]
    try:
        yield str(container)
    finally:
        client.api.remove_container(container, force=True)


def remove_containers(client: docker.DockerClient, labels: dict[str, str]) -> None:
    """Every container with all these labels."""
    wanted = {"label": [f"{label}={value}" for label, value in labels.items()]}
    for each in client.api.containers(all=True, filters=wanted):
        client.api.remove_container(each["Id"], v=True, force=True)


def create_network(client: docker.DockerClient, name: str, labels: dict[str, str]) -> str:
    """A bridge network; its id. Raises LookupError with Docker's words."""
    try:
        return str(client.api.create_network(name, driver="bridge", labels=labels)["Id"])
    except APIError as error:
        raise LookupError(str(error.explanation)) from error


def remove_network(client: docker.DockerClient, network: str) -> None:
    """Also if it is gone already. Raises LookupError with Docker's words, for example while it is in use."""
    try:
        client.api.remove_network(network)
    except NotFound:
        return
    except APIError as error:
        raise LookupError(str(error.explanation)) from error


def _tls(folder: Path) -> TLSConfig:
    pair = (str(folder / "cert.pem"), str(folder / "key.pem"))
    return TLSConfig(client_cert=pair, ca_cert=str(folder / "ca.pem"), verify=True)


def _out_of_reach(daemon: Daemon, error: Exception) -> OutOfReach:
    reason = " ".join(str(error).split())[-200:]
    fix = f"see that Docker runs there: docker --host {daemon.url} info"
    return OutOfReach(
        f"Docker daemon {daemon.name} at {daemon.url}", f"does not answer: {reason}", fix
    )


def port_is_taken(address: str, port: int) -> bool:
    """Whether somebody listens there on this machine, however politely."""
    host = "" if address == "*" else address
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
