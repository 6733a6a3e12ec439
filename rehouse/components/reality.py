"""What there is on a Docker daemon, whoever made it: instances, what carries our labels, who is in our networks."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import docker
from docker.errors import APIError, NotFound

from rehouse.components.belongings import remove_network, remove_volume
from rehouse.components.daemon import connected, local_image
from rehouse.components.site import Daemon
from rehouse.components.spec import Part


class Thing(Part):
    """A container, network or volume, with what its labels say."""

    kind: str
    id: str
    name: str
    labels: dict[str, str]
    addresses: tuple[str, ...] = ()


class Machine:
    """One Docker daemon, looked at. What is gone meanwhile is no error."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client, self._api = client, client.api

    def container(self, container: str) -> dict[str, Any] | None:
        """As docker inspect shows it, None where it is gone."""
        try:
            return dict(self._api.inspect_container(container))
        except NotFound:
            return None

    def image(self, pinned: str) -> str | None:
        """Its id, None where the daemon does not have it any more."""
        found = local_image(self._client, pinned)
        return str(found["Id"]) if found else None

    def guests(self, network: str) -> dict[str, str]:
        """Those who run in a network, id to name; nobody where there is no such network."""
        try:
            found = self._api.inspect_network(network)
        except NotFound:
            return {}
        return {id_: each["Name"] for id_, each in (found.get("Containers") or {}).items()}

    def labelled(self, labels: Mapping[str, str]) -> list[Thing]:
        """Containers first: while they stand, the others are in use."""
        words = {"label": [f"{name}={value}" for name, value in labels.items()]}
        volumes = self._api.volumes(filters=words).get("Volumes") or ()
        return [
            *(_container(each) for each in self._api.containers(all=True, filters=words)),
            *(_thing("network", each, "Id") for each in self._api.networks(filters=words)),
            *(_thing("volume", each, "Name") for each in volumes),
        ]

    def remove(self, thing: Thing) -> None:
        """Raises LookupError with Docker's words where it is in use."""
        if thing.kind == "network":
            remove_network(self._client, thing.id)
        elif thing.kind == "volume":
            remove_volume(self._client, thing.id)
        else:
            self.remove_container(thing.id)

    def remove_container(self, container: str) -> None:
        try:
            self._api.remove_container(container, v=True, force=True)
        except NotFound:
            return
        except APIError as error:
            raise LookupError(str(error.explanation)) from error

    def log(
        self, container: str, since: int | None, tail: int | None, follow: bool
    ) -> Iterator[bytes]:
        """Its log in pieces of any length, both streams, each line with its time. None where it is gone."""
        try:
            yield from self._api.logs(
                container,
                stream=True,
                follow=follow,
                timestamps=True,
                since=since,
                tail="all" if tail is None else tail,
            )
        except NotFound:
            return

    def run(self, container: str, command: Iterable[str]) -> "Running":
        """Raises LookupError with Docker's words where the container does not run."""
        try:
            job = self._api.exec_create(container, list(command))["Id"]
        except APIError as error:
            raise LookupError(str(error.explanation)) from error
        return Running(self._client, str(job))


class Running:
    """A command inside a container: what it prints while it does, and then its exit status."""

    def __init__(self, client: docker.DockerClient, job: str) -> None:
        self._api, self._job = client.api, job

    def output(self) -> Iterator[tuple[bytes | None, bytes | None]]:
        """Pieces of stdout and stderr."""
        yield from self._api.exec_start(self._job, stream=True, demux=True)

    def status(self) -> int:
        return int(self._api.exec_inspect(self._job)["ExitCode"])


@contextmanager
def machines(daemons: Iterable[Daemon]) -> Iterator[dict[Daemon, Machine]]:
    """All of them at hand. Raises OutOfReach for the first that does not answer."""
    with ExitStack() as stack:
        yield {
            each: Machine(stack.enter_context(connected(each))) for each in dict.fromkeys(daemons)
        }


def _container(found: Mapping[str, Any]) -> Thing:
    networks = found["NetworkSettings"]["Networks"].values()
    return Thing(
        kind="container",
        id=found["Id"],
        name=found["Names"][0].removeprefix("/") if found["Names"] else found["Id"][:12],
        labels=found["Labels"] or {},
        addresses=tuple(each["IPAddress"] for each in networks if each["IPAddress"]),
    )


def _thing(kind: str, found: Mapping[str, Any], key: str) -> Thing:
    return Thing(kind=kind, id=found[key], name=found["Name"], labels=found["Labels"] or {})
