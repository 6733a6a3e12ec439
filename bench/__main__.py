"""`make bench`: side by side, interleaved, on one machine in one go; raw samples in bench/results/."""

import argparse
import contextlib
import dataclasses
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
from rich.console import Console

from bench import leftovers, machine, parts, report
from bench.bounds import Failed
from bench.commanded import Commanded
from bench.contenders import Bare, Contender, Previewed, Rehouse
from bench.swarm import Cluster, Swarm
from lab.errors import LabError
from lab.locks import locked
from lab.places import current

RESULTS = Path(__file__).parent / "results"
MOST_SERVICES = 200
OUR_PORT, SWARM_PORT, COMMANDED_PORT, PREVIEWED_PORT = 8101, 8102, 8103, 8104
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
    found: dict[str, Any] = {}
    try:
        with _standing(client, folder, chosen.only) as contenders:
            for part in chosen.only:
                _say(f"measuring {part}")
                found[part] = parts.PARTS[part](client, contenders, chosen, _say)
    finally:  # a part that fails takes nothing from those before it
        report.show(facts, found)
        _keep(facts, found)
    return 0


@contextlib.contextmanager
def _standing(
    client: docker.DockerClient, folder: Path, only: list[str]
) -> Iterator[list[Contender]]:
    """Those that are needed, with their first version, and nothing of them afterwards."""
    leftovers.sweep(client, folder)
    folder.mkdir()
    try:
        yield list(_raised(client, folder, only))
    finally:
        _say("removing everything")
        leftovers.sweep(client, folder)


def _raised(client: docker.DockerClient, folder: Path, only: list[str]) -> Iterator[Contender]:
    beside = not parts.BESIDE.isdisjoint(only)
    cluster = Cluster(client, folder, SWARM_PORT)
    if beside:
        _say("raising swarm")
        cluster.raise_()
    for contender in _of_pulumi(folder, beside) if set(only) - parts.ALONE else ():
        _say(f"raising {contender.title}")
        contender.roll()
        yield contender
    if beside:
        yield from (Swarm(cluster, parallelism) for parallelism in (1, 2))


def _of_pulumi(folder: Path, beside: bool) -> Iterator[Contender]:
    if beside:
        yield Rehouse(folder, OUR_PORT)
        yield Previewed(folder, PREVIEWED_PORT)
    yield Commanded(folder, COMMANDED_PORT)
    if beside:
        yield from (Bare(folder, network) for network in ("own networks", "one network"))


def _keep(facts: dict[str, Any], found: dict[str, Any]) -> None:
    if not found:
        return
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{facts['date'].replace(':', '').partition('+')[0]}.json"
    path.write_text(json.dumps({**facts, **found}, indent=1, default=dataclasses.asdict) + "\n")
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
    parser.add_argument("--kills", type=int, default=12, help="moments at which it is killed")
    parser.add_argument("--starts", type=int, default=21, help="of each command that does little")
    parser.add_argument("--services", type=_counts, default=[10, 50, 100], metavar="N,N")
    parser.add_argument("--parallel", type=int, default=os.cpu_count(), help="stacks at a time")
    parser.add_argument("--only", type=_parts, default=list(parts.PARTS), metavar="PART,PART")
    return parser


def _counts(text: str) -> list[int]:
    counts = sorted({int(each) for each in text.split(",")})
    if not 1 <= counts[0] <= counts[-1] <= MOST_SERVICES:
        raise argparse.ArgumentTypeError(f"{text}: 1 to {MOST_SERVICES} each")
    return counts


def _parts(text: str) -> list[str]:
    """In the order in which they are measured."""
    asked = text.split(",")
    if unknown := set(asked) - set(parts.PARTS):
        what = f"{', '.join(sorted(unknown))}: choose from {', '.join(parts.PARTS)}"
        raise argparse.ArgumentTypeError(what)
    return [each for each in parts.PARTS if each in asked]


if __name__ == "__main__":
    sys.exit(main())
