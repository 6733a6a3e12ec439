"""diff: what differs between two generations."""

from dataclasses import asdict
from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, engine_of, in_stack
from rehouse.cli.output import print_json
from rehouse.cli.rollout.remembered import compared
from rehouse.cli.rollout.updates import chosen
from rehouse.cli.view.report_plan import say_compared


@click.command("diff")
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--service", help="Which one, where the stack has several.")
@in_stack
@JSON
def command(
    a: str | None,
    b: str | None,
    service: str | None,
    folder: Path,
    stack: str | None,
    as_json: bool,
) -> None:
    """Key by key what changes from generation A to B: the live one is B, and the one before it A, by default.

    The beginning of a name is enough, or of what follows the service's name in it.

    \b
    Example:  rehouse diff web-81d0e4c 3f9
    """
    name, ledger = chosen(engine_of(folder, stack).ledgers(), service)
    found = compared(ledger, a, b)
    if as_json:
        print_json("diff", service=name, **asdict(found))
    else:
        say_compared(found)
