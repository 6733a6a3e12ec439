"""The table, in 80 columns, and what was asked of it."""

import statistics
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import report_commands, report_parallel
from bench.commanded import Commanded
from bench.contenders import Previewed, Rehouse
from bench.losses import Loss
from bench.rollouts import Sample
from bench.swarm import HEALTH

AGAINST_SWARM, AGAINST_UP, AGAINST_BARE = 0.8, 1.15, 1.3


def show(facts: dict[str, Any], found: Mapping[str, Any]) -> None:
    """Whatever was measured."""
    console = Console(width=80, highlight=False)
    if "rollouts" in found:
        _show_rollouts(console, found["rollouts"])
    if "losses" in found:
        console.print("\n[bold]Requests that failed[/] while one rollout followed the other\n")
        console.print(_losses(found["losses"]))
    report_commands.show(console, found)
    if "parallel" in found:
        report_parallel.show(console, found["parallel"])
    console.print(_footer(facts))


def _show_rollouts(console: Console, samples: Mapping[str, list[Sample]]) -> None:
    runs = min(len(each) for each in samples.values())
    console.print(
        f"\n[bold]Rollout of 2 replicas[/]: seconds, median of {runs} (lowest to highest)\n"
    )
    console.print(_rollouts(samples))
    console.print(_LEGEND)
    for line in _comparisons(samples):
        console.print(line)


def _rollouts(samples: Mapping[str, list[Sample]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for title in ("last old answer", "new alone", "command ended"):
        table.add_column(title, justify="right")
    for title, each in samples.items():
        answered = _spread(each, lambda one: one.answered) if each[0].answered else "no router"
        alone, command = (
            _spread(each, lambda one: one.alone),
            _spread(each, lambda one: one.command),
        )
        table.add_row(title, answered, alone, command)
    return table


def _spread(samples: list[Sample], of: Callable[[Sample], float | None]) -> str:
    values = [value for each in samples if (value := of(each)) is not None]
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def _comparisons(samples: Mapping[str, list[Sample]]) -> list[str]:
    swarms = [title for title in samples if title.startswith("swarm")]
    better = min(swarms, key=lambda title: _median(samples[title], _alone))
    bares = [title for title in samples if title.startswith("bare")]
    return [
        _compared("new alone", samples, Rehouse.title, better, AGAINST_SWARM, _alone),
        _compared("new alone", samples, Commanded.title, better, AGAINST_SWARM, _alone),
        _compared("command", samples, Commanded.title, Previewed.title, AGAINST_UP, _command),
        _compared("command", samples, Commanded.title, Rehouse.title, AGAINST_UP, _command),
        *(
            _compared("command", samples, Rehouse.title, title, AGAINST_BARE, _command)
            for title in bares
        ),
    ]


def _alone(sample: Sample) -> float:
    return sample.alone


def _command(sample: Sample) -> float:
    return sample.command


def _compared(
    what: str,
    samples: Mapping[str, list[Sample]],
    ours: str,
    other: str,
    most: float,
    of: Callable[[Sample], float],
) -> str:
    ratio = _median(samples[ours], of) / _median(samples[other], of)
    return f"{what}: {ours} / {other} = {ratio:.2f}, {report_commands.verdict(ratio, most)}"


def _median(samples: list[Sample], of: Callable[[Sample], float]) -> float:
    return statistics.median(of(each) for each in samples)


def _losses(losses: Mapping[str, Loss]) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0))
    table.add_column("")
    for title in ("rollouts", "requests", "failed", "per 100,000"):
        table.add_column(title, justify="right")
    for title, each in losses.items():
        rate = 100_000 * each.failed / each.sent
        table.add_row(
            title, f"{each.rollouts}", f"{each.sent:,}", f"{each.failed:,}", f"{rate:.1f}"
        )
    return table


_LEGEND = f"""
[dim]last old answer  the old version answered for the last time (asked every 5 ms)
new alone        that, and the last old container has ended
command ended    docker service update then watches for 5 s more
rehouse          by pulumi up --skip-preview; with preview: as pulumi up --yes;
                 rehouse deploy: by our own command, which needs no preview
swarm            start-first, all behind the same HAProxy 2.6, which finds the
                 tasks by the cluster's DNS; health {HEALTH}
bare             the same containers by the same provider, no gate, no router
  own networks   a docker.Network for each version, as rehouse has one for each
                 (its own kind: the provider sleeps 2 s at both ends of one)
  one network    a docker.Network that was made once[/]
"""


def _footer(facts: dict[str, Any]) -> str:
    machine, versions = facts["machine"], facts["versions"]
    return (
        f"\n[dim]{facts['date']}, {facts['commit']}; {machine['processors']} × {machine['processor']}, "
        f"{machine['memory_mib']} MiB, load before {machine['load_before'][0]:.1f}; "
        f"Docker {versions['docker']}, Pulumi {versions['pulumi']}, "
        f"pulumi-docker {versions['pulumi-docker']}, Python {versions['python']}[/]"
    )
