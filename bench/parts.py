"""The parts of the measurements, each by its name and bounded in time."""

import argparse
from collections.abc import Callable
from typing import Any

import docker

from bench.bounds import rounds
from bench.commanded import Commanded
from bench.contenders import Contender, Previewed
from bench.losses import Loss, lose, together
from bench.parallel import Round, parallel
from bench.recovery import Recovery, recover
from bench.rollbacks import Back, back
from bench.rollouts import Sample, measure
from bench.starts import starts
from lab.load import Mix
from lab.places import current

PARALLEL_SECONDS = 900
SECONDS = 600  # after which no further round of a part begins
Say = Callable[[str], object]
Part = Callable[[docker.DockerClient, list[Contender], argparse.Namespace, Say], Any]


def _rollouts(
    client: docker.DockerClient, contenders: list[Contender], chosen: argparse.Namespace, say: Say
) -> dict[str, list[Sample]]:
    samples: dict[str, list[Sample]] = {each.title: [] for each in contenders}
    for run in rounds(chosen.runs, SECONDS):
        for each in contenders:
            sample = measure(each, client)
            samples[each.title].append(sample)
            times = f"alone {sample.alone:.2f} s, command {sample.command:.2f} s"
            say(f"run {run + 1}, {each.title}: {times}")
    return samples


def _losses(
    _client: docker.DockerClient, contenders: list[Contender], chosen: argparse.Namespace, say: Say
) -> dict[str, Loss]:
    """Ours, and Swarm's as it does by default; a preview before it changes nothing for a request."""
    mix = Mix(max_requests=chosen.requests, max_seconds=90, rate=1000)
    behind = [each for each in contenders if each.url and not isinstance(each, Previewed)]
    asked = [each for each in behind if "parallelism 1" not in each.title]
    losses: dict[str, list[Loss]] = {each.title: [] for each in asked}
    for round_ in rounds(chosen.rounds, SECONDS):
        for each in asked:
            loss = lose(each, mix)
            losses[each.title].append(loss)
            say(f"round {round_ + 1}, {each.title}: {loss.failed} of {loss.sent} failed")
    return {title: together(each) for title, each in losses.items()}


def _rollbacks(
    _client: docker.DockerClient, contenders: list[Contender], chosen: argparse.Namespace, say: Say
) -> list[Back]:
    samples = []
    for run in rounds(chosen.runs, SECONDS):
        samples.append(back(_commanded(contenders)))
        say(f"run {run + 1}: {samples[-1]}")
    return samples


def _recovery(
    _client: docker.DockerClient, contenders: list[Contender], chosen: argparse.Namespace, say: Say
) -> list[Recovery]:
    """Killed at moments spread evenly over a rollout."""
    samples = []
    for kill in rounds(chosen.kills, SECONDS):
        samples.append(recover(_commanded(contenders), (kill + 0.5) / chosen.kills))
        say(f"kill {kill + 1}: {samples[-1]}")
    return samples


def _commands(
    _client: docker.DockerClient, _contenders: list[Contender], chosen: argparse.Namespace, _: Say
) -> dict[str, list[float]]:
    return starts(chosen.starts, SECONDS / 5)


def _parallel(
    client: docker.DockerClient, _contenders: list[Contender], chosen: argparse.Namespace, say: Say
) -> list[Round]:
    folder = current().root / "bench"
    return parallel(client, folder, chosen.services, chosen.parallel, PARALLEL_SECONDS, say)


def _commanded(contenders: list[Contender]) -> Commanded:
    return next(each for each in contenders if isinstance(each, Commanded))


# In this order: the first ones tell versions apart by their number, which a rollback upsets.
PARTS: dict[str, Part] = {
    "commands": _commands,
    "rollouts": _rollouts,
    "losses": _losses,
    "rollbacks": _rollbacks,
    "recovery": _recovery,
    "parallel": _parallel,
}
ALONE = {"commands", "parallel"}  # these need none of them
BESIDE = {"rollouts", "losses"}  # these need all contenders
