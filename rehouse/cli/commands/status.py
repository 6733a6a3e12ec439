"""status: what is live, what stands, what is quarantined."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, SERVICE, engine_of, in_stack
from rehouse.cli.output import print_json
from rehouse.cli.report import say_status, status_of
from rehouse.cli.updates import chosen


@click.command("status")
@SERVICE
@in_stack
@JSON
def command(service: str | None, folder: Path, stack: str | None, as_json: bool) -> None:
    """What the ledger says: who gets traffic, who stands, who failed and why.

    \b
    Example:  rehouse status --stack prod --json
    """
    name, ledger = chosen(engine_of(folder, stack).ledgers(), service)
    if as_json:
        print_json("status", service=name, **status_of(ledger))
    else:
        say_status(name, ledger)
