"""history: the generations that are remembered."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, SERVICE, engine_of, in_stack
from rehouse.cli.output import print_json
from rehouse.cli.rollout.updates import chosen
from rehouse.cli.view.report import history_of, say_history


@click.command("history")
@SERVICE
@in_stack
@JSON
def command(service: str | None, folder: Path, stack: str | None, as_json: bool) -> None:
    """The last ten generations, newest first: any that is not quarantined can be rolled back to.

    \b
    Example:  rehouse history
    """
    name, ledger = chosen(engine_of(folder, stack).ledgers(), service)
    if as_json:
        print_json("history", service=name, generations=history_of(ledger))
    else:
        say_history(name, ledger)
