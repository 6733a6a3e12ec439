"""drift: where reality differs from the ledger."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, SERVICE, engine_of, in_stack
from rehouse.cli.output import print_json
from rehouse.cli.reality.drift import drift, of_update
from rehouse.cli.reality.survey import servers_of, survey
from rehouse.cli.rollout.interrupted import interruption_of
from rehouse.cli.view.report_reality import say_drift
from rehouse.components.reality import machines

CHANGES = 3


@click.command("drift")
@SERVICE
@click.option("--exit-code", is_flag=True, help=f"End with {CHANGES} where there is drift.")
@in_stack
@JSON
def command(
    service: str | None, exit_code: bool, folder: Path, stack: str | None, as_json: bool
) -> int:
    """Asks Docker and the router what is there: what is gone, stopped, changed by hand, or a stranger.

    Changes nothing, and says what to type.

    \b
    Example:  rehouse drift --stack prod --exit-code
    """
    engine = engine_of(folder, stack)
    seen = survey(engine, service)
    cut = interruption_of(seen.service, seen.ledger, engine.deployment(), engine.locks())
    with machines(seen.inventory.daemons) as here:
        found = of_update(cut) + drift(seen.inventory, here, servers_of(seen.inventory))
    if as_json:
        print_json("drift", service=seen.service, drift=[each.shape() for each in found])
    else:
        say_drift(seen.service, found)
    return CHANGES if found and exit_code else 0
