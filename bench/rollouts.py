"""How long one rollout takes: by the command, by who answers, and by what still runs."""

import time
from dataclasses import dataclass

import docker

from bench.bounds import Failed
from bench.contenders import REPLICAS, Contender, version_of
from bench.prober import Prober

_PATIENCE = 60
_SETTLED = 0.5  # so long nothing of the old version may have answered
_NANO = 1e9


@dataclass(frozen=True)
class Sample:
    """Seconds after the command began."""

    answered: float | None  # the last answer of the old version; None where there is no router
    gone: float  # the last container of the old version ended
    command: float  # the command ended
    failures: int  # of the one user who asked meanwhile

    @property
    def alone(self) -> float:
        """From then on the new version serves alone: nobody is answered by the old one, none of it runs."""
        return max(self.answered or 0, self.gone)


def measure(contender: Contender, client: docker.DockerClient) -> Sample:
    """One rollout of it."""
    if contender.url is None:
        return _timed(contender, client, None)
    with Prober(contender.url) as prober:
        time.sleep(0.2)
        return _timed(contender, client, prober)


def _timed(contender: Contender, client: docker.DockerClient, prober: Prober | None) -> Sample:
    old = _running(contender, client)
    if len(old) != REPLICAS:
        raise Failed(f"{contender.title}: {len(old)} containers run, and {REPLICAS} should")
    before = version_of(contender.rollout)
    began = time.time()
    contender.roll()
    command = time.time() - began
    _await_end(contender, client, old)
    if prober is None:
        return Sample(None, _last_death(client, old, began), command, 0)
    _await_silence(prober, before)
    answered = prober.last[before] - began
    return Sample(answered, _last_death(client, old, began), command, len(prober.failures))


def _running(contender: Contender, client: docker.DockerClient) -> set[str]:
    found = client.containers.list(filters={"label": contender.label, "status": "running"})
    return {str(each.id) for each in found}


def _await_end(contender: Contender, client: docker.DockerClient, old: set[str]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while _running(contender, client) & old:
        if time.monotonic() > deadline:
            raise Failed(f"{contender.title}: the old version still runs after {_PATIENCE} s")
        time.sleep(0.05)


def _await_silence(prober: Prober, version: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.time() - prober.last[version] < _SETTLED:
        if time.monotonic() > deadline:
            raise Failed(f"version {version} still answers after {_PATIENCE} s")
        time.sleep(0.05)


def _last_death(client: docker.DockerClient, containers: set[str], began: float) -> float:
    """By Docker's own events, which are exact; it remembers the last 256."""
    deaths = client.api.events(
        since=int(began), until=int(time.time()) + 1, filters={"event": "die"}, decode=True
    )
    times: dict[str, float] = {
        each["id"]: each["timeNano"] / _NANO for each in deaths if each["id"] in containers
    }
    if set(times) != containers:
        raise Failed("Docker's events do not tell when the old version ended")
    return max(times.values()) - began
