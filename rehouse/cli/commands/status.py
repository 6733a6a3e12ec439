"""status: what is live, what stands, what is quarantined."""

from pathlib import Path

import rich_click as click

from rehouse.cli.again import again_and_again
from rehouse.cli.options import JSON, SERVICE, engine_of, in_stack
from rehouse.cli.output import print_json
from rehouse.cli.rollout.interrupted import interruption_of
from rehouse.cli.rollout.updates import chosen
from rehouse.cli.view.report import say_status, status_of
from rehouse.cli.view.report_work import say_work, work_of


@click.command("status")
@SERVICE
@click.option("--watch", is_flag=True, help="Again every 2 s, until Ctrl-C.")
@in_stack
@JSON
def command(
    service: str | None, watch: bool, folder: Path, stack: str | None, as_json: bool
) -> None:
    """What the ledger says: who gets traffic, who stands, who failed and why; and what was cut off, and where.

    \b
    Example:  rehouse status --stack prod --json
    """
    engine = engine_of(folder, stack)

    def look() -> None:
        name, ledger = chosen(engine.ledgers(), service)
        locks = engine.locks()
        cut = interruption_of(name, ledger, engine.deployment(), locks)
        if as_json:
            print_json("status", service=name, **status_of(ledger), **work_of(locks or [], cut))
        else:
            say_status(name, ledger, cut is not None and cut.step is not None)
            say_work(locks or [], cut)

    again_and_again(look) if watch else look()
