"""logs: what the instances print."""

import sys
import time
from pathlib import Path

import rich_click as click

from rehouse.cli.options import SERVICE, engine_of, in_stack
from rehouse.cli.reality.inventory import of_generation
from rehouse.cli.reality.streams import as_they_come, in_order
from rehouse.cli.reality.survey import survey
from rehouse.components.reality import machines
from rehouse.components.units import seconds


@click.command("logs")
@SERVICE
@click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--since", metavar="DURATION", help="Only the last 30s, 5m or 1h.")
@click.option("--generation", metavar="NAME", help="Another one that stands, not the live one.")
@click.option("--tail", type=click.IntRange(min=0), help="At most so many lines of each instance.")
@in_stack
def command(
    service: str | None,
    follow: bool,
    since: str | None,
    generation: str | None,
    tail: int | None,
    folder: Path,
    stack: str | None,
) -> None:
    """All instances of the live generation at once, each line after the name of its instance.

    \b
    Example:  rehouse logs --follow --since 5m
    """
    begin = _begin(since)
    seen = survey(engine_of(folder, stack), service)
    places = of_generation(seen.inventory, seen.ledger, generation)
    with machines(each.daemon for each in places) as here:
        logs = {
            each.name: here[each.daemon].log(each.container, begin, tail, follow)
            for each in places
            if each.container
        }
        for _, name, text in (as_they_come if follow else in_order)(logs):
            sys.stdout.write(f"{name} | {text}\n")
            sys.stdout.flush()


def _begin(since: str | None) -> int | None:
    """Seconds since 1970."""
    try:
        return int(time.time() - seconds(since)) if since else None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from None
