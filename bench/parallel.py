"""How long it takes to raise 10, 50, 100 services by one command, and how much memory that needs."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import docker

from bench import leftovers
from bench.bounds import Failed, timed
from bench.family import Family
from bench.many import HAPROXY, IMAGE, Compose, Many, Stacks, ports
from bench.prober import await_answer

_ANSWERS_WITHIN = 60
LEAST = 60  # seconds that a command gets, however late it is


@dataclass(frozen=True)
class Run:
    """Seconds from the command's begin; *peak* is of all its processes together, in MiB."""

    seconds: float
    answered: float  # until each of the services had
    peak: int


@dataclass(frozen=True)
class Round:
    """So many services by each command; *took* is all of it, with what is not measured.

    Where there was no time for it, nothing is measured, and *foreseen* has what the rounds before let expect.
    """

    services: int
    runs: dict[str, Run] = field(default_factory=dict)
    took: float = 0.0
    foreseen: dict[str, float] = field(default_factory=dict)


def parallel(
    client: docker.DockerClient,
    folder: Path,
    counts: Sequence[int],
    at_once: int,
    limit: float,
    say: Callable[[str], object],
) -> list[Round]:
    """No round is begun that would not end within *limit* seconds, as far as those before it tell."""
    began, rounds = time.monotonic(), list[Round]()
    for image in (IMAGE, HAPROXY):
        client.images.pull(image)
    for count in sorted(counts):
        left = limit - (time.monotonic() - began)
        if rounds and _foreseen(rounds, count, lambda each: each.took) > left:
            rounds.append(_not_measured(rounds, count))
            say(f"{count} services: not measured, {left:.0f} s are left")
            continue
        rounds.append(_round(client, folder, count, at_once, left))
        say(f"{count} services: {rounds[-1].runs}")
    return rounds


def slope(rounds: Sequence[Round], title: str) -> float | None:
    """Seconds for each further service, between the fewest and the most that were measured."""
    measured = [each for each in rounds if each.runs]
    if len(measured) < 2:
        return None
    first, last = measured[0], measured[-1]
    more = last.runs[title].seconds - first.runs[title].seconds
    return more / (last.services - first.services)


def _not_measured(rounds: list[Round], count: int) -> Round:
    def foreseen(title: str) -> float:
        return _foreseen(rounds, count, lambda each: each.runs[title].seconds)

    return Round(count, foreseen={title: foreseen(title) for title in rounds[0].runs})


def _foreseen(rounds: list[Round], count: int, of: Callable[[Round], float]) -> float:
    """On the line through the last two; in proportion where there is only one."""
    measured = [each for each in rounds if each.runs]
    last = measured[-1]
    if len(measured) == 1:
        return of(last) * count / last.services
    before = measured[-2]
    each = (of(last) - of(before)) / (last.services - before.services)
    return of(last) + each * (count - last.services)


def _round(
    client: docker.DockerClient, folder: Path, count: int, at_once: int, left: float
) -> Round:
    began, runs = time.monotonic(), {}
    for make in (lambda at: Stacks(at, count, at_once), lambda at: Compose(at, count)):
        with _swept(client, folder) as place:
            many: Many = make(place)
            runs[many.title] = _run(many, count, max(LEAST, left - (time.monotonic() - began)))
    return Round(count, runs, time.monotonic() - began)


@contextmanager
def _swept(client: docker.DockerClient, folder: Path) -> Iterator[Path]:
    """A place for one run, of which nothing is left."""
    place = folder / "many"
    place.mkdir()
    try:
        yield place
    finally:
        leftovers.sweep_many(client, place)


def _run(many: Many, count: int, patience: float) -> Run:
    family = Family()
    began = time.monotonic()
    with family.weighed() as peak:
        try:
            marked = {**many.environment, **family.environment}
            ended = timed(many.command, many.folder, marked, patience)
        finally:
            family.vanish(lambda: None)
    if ended.code != 0:
        raise Failed(f"{many.title} ended with {ended.code}:\n{ended.text[-4000:]}")
    for port in ports(count):
        await_answer(f"http://127.0.0.1:{port}", _ANSWERS_WITHIN)
    return Run(ended.seconds, time.monotonic() - began, peak() >> 10)
