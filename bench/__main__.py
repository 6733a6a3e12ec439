"""`make bench`: rollouts side by side, interleaved, on one machine in one go; raw samples in bench/results/."""

import argparse
import contextlib
import dataclasses
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
from rich.console import Console

from bench import leftovers, machine, report
from bench.contenders import Bare, Contender, Failed, Rehouse
from bench.losses import Loss, lose, together
from bench.rollouts import Sample, measure
from bench.swarm import Cluster, Swarm
from lab.errors import LabError
from lab.load import Mix
from lab.locks import locked
from lab.places import current

RESULTS = Path(__file__).parent / "results"
OUR_PORT, SWARM_PORT = 8101, 8102
_say = Console(stderr=True, highlight=False).print


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    chosen = _parser().parse_args()
    try:
        folder = current().root / "bench"
        with locked(folder.with_suffix(".lock"), 1), _docker() as client:
            return bench(client, folder, chosen)
    except (LabError, Failed) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def bench(client: docker.DockerClient, folder: Path, chosen: argparse.Namespace) -> int:
    facts = machine.about(client)
    with _standing(client, folder) as contenders:
        samples = _rollouts(client, contenders, chosen.runs)
        losses = _losses(
            contenders, chosen.rounds, Mix(max_requests=chosen.requests, max_seconds=90, rate=1000)
        )
    report.show(facts, samples, losses)
    _keep(facts, samples, losses)
    return 0


@contextlib.contextmanager
def _standing(client: docker.DockerClient, folder: Path) -> Iterator[list[Contender]]:
    """All of them with their first version, and nothing of them afterwards."""
    leftovers.sweep(client, folder)
    folder.mkdir()
    cluster = Cluster(client, folder, SWARM_PORT)
    try:
        yield list(_raised(cluster, folder))
    finally:
        _say("removing everything")
        leftovers.sweep(client, folder)


def _raised(cluster: Cluster, folder: Path) -> Iterator[Contender]:
    _say("raising swarm")
    cluster.raise_()
    for contender in (
        Rehouse(folder, OUR_PORT),
        Bare(folder, "own networks"),
        Bare(folder, "one network"),
    ):
        _say(f"raising {contender.title}")
        contender.roll()
        yield contender
    yield from (Swarm(cluster, parallelism) for parallelism in (1, 2))


def _rollouts(
    client: docker.DockerClient, contenders: list[Contender], runs: int
) -> dict[str, list[Sample]]:
    samples: dict[str, list[Sample]] = {each.title: [] for each in contenders}
    for run in range(runs):
        for each in contenders:
            sample = measure(each, client)
            samples[each.title].append(sample)
            _say(
                f"run {run + 1}, {each.title}: alone {sample.alone:.2f} s, command {sample.command:.2f} s"
            )
    return samples


def _losses(contenders: list[Contender], rounds: int, mix: Mix) -> dict[str, Loss]:
    """Ours, and Swarm's as it does by default."""
    chosen = [each for each in contenders if each.url and "parallelism 1" not in each.title]
    losses: dict[str, list[Loss]] = {each.title: [] for each in chosen}
    for round_ in range(rounds):
        for each in chosen:
            loss = lose(each, mix)
            losses[each.title].append(loss)
            _say(f"round {round_ + 1}, {each.title}: {loss.failed} of {loss.sent} failed")
    return {title: together(each) for title, each in losses.items()}


def _keep(facts: dict[str, Any], samples: dict[str, list[Sample]], losses: dict[str, Loss]) -> None:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{facts['date'].replace(':', '').partition('+')[0]}.json"
    raw = {
        **facts,
        "rollouts": {t: [dataclasses.asdict(one) for one in each] for t, each in samples.items()},
        "losses": {title: dataclasses.asdict(each) for title, each in losses.items()},
    }
    path.write_text(json.dumps(raw, indent=1) + "\n")
    _say(f"raw samples: {path}")


@contextlib.contextmanager
def _docker() -> Iterator[docker.DockerClient]:
    with contextlib.closing(docker.DockerClient("unix:///run/docker.sock", timeout=60)) as client:
        yield client


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="rollouts of each")
    parser.add_argument("--rounds", type=int, default=2, help="of load, for each with a router")
    parser.add_argument("--requests", type=int, default=50_000, help="in each round, at most")
    return parser


if __name__ == "__main__":
    sys.exit(main())
