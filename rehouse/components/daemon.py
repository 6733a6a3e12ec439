"""What we ask a Docker daemon ourselves: images, what became of a container, its log."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import docker
import requests
from docker.constants import MINIMUM_DOCKER_API_VERSION
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.tls import TLSConfig

from rehouse.components.errors import OutOfReach
from rehouse.components.site import Daemon
from rehouse.components.tunnel import Tunnel, tunnel
from rehouse.components.unanswered import unanswered

SECONDS = 15  # an answer takes milliseconds; a registry that Docker asks for us may take longer
SECONDS_TO_PACK = 600
LOG_LINES = 20


@contextmanager
def connected(daemon: Daemon) -> Iterator[docker.DockerClient]:
    """A client of the daemon. Raises OutOfReach, also for what happens while it is used."""
    with ExitStack() as stack:
        through = stack.enter_context(tunnel(daemon.url)) if _is_behind_ssh(daemon) else None
        try:
            client = stack.enter_context(closing(_client(daemon, through)))
        except (DockerException, OSError, requests.RequestException) as error:
            raise unanswered(daemon, error, SECONDS, through.said() if through else None) from error
        try:
            yield client
        except APIError as error:
            what = f"Docker at {daemon.url} refused: {error.explanation or error}"
            fix = "see the daemon's own log, then run the update again"
            raise OutOfReach(f"daemon {daemon.name}", what, fix) from error
        except requests.RequestException as error:
            seconds = client.api.timeout
            raise unanswered(daemon, error, seconds, through.said() if through else None) from error


def _is_behind_ssh(daemon: Daemon) -> bool:
    return daemon.url.startswith("ssh://")


def _client(daemon: Daemon, through: Tunnel | None) -> docker.DockerClient:
    tls = _tls(Path(daemon.certificates)) if daemon.certificates else False
    client = docker.DockerClient(
        base_url=through.url if through else daemon.url,
        tls=tls,
        version=MINIMUM_DOCKER_API_VERSION,  # "auto" would ask at once
        timeout=SECONDS,
    )
    # The site says whom to trust; REQUESTS_CA_BUNDLE and the proxies of the environment would win otherwise.
    client.api.trust_env = False
    client.api._version = client.api.version(api_version=False)["ApiVersion"]  # type: ignore[attr-defined]
    return client


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


def running(client: docker.DockerClient, labels: Mapping[str, str]) -> list[str]:
    """Names of the containers that carry all these labels and run."""
    words = {"label": [f"{name}={value}" for name, value in labels.items()]}
    return sorted(
        each["Names"][0].removeprefix("/") for each in client.api.containers(filters=words)
    )


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


def pull(client: docker.DockerClient, image: str) -> str:
    """Its id; the registry is asked only where the daemon does not have it. Raises LookupError."""
    if not (found := local_image(client, image)):
        try:
            client.api.pull(image)
        except APIError as error:
            raise LookupError(str(error.explanation or error).strip()) from error
        found = local_image(client, image)
    if not found:
        raise LookupError("the registry has it not")
    return str(found["Id"])


def save(client: docker.DockerClient, image: str, target: Path) -> None:
    """As ``docker save`` does, into a file. The daemon first packs all of it: that takes long, and it is silent."""
    client.api.timeout = SECONDS_TO_PACK
    with target.open("wb") as file:
        for chunk in client.api.get_image(image):
            file.write(chunk)


def _tls(folder: Path) -> TLSConfig:
    pair = (str(folder / "cert.pem"), str(folder / "key.pem"))
    return TLSConfig(client_cert=pair, ca_cert=str(folder / "ca.pem"), verify=True)
