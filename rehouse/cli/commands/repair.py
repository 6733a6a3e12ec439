"""repair: what is gone or stopped stands again."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, SERVICE, engine_of, in_stack
from rehouse.cli.output import print_json
from rehouse.cli.reality.repair import repair
from rehouse.cli.reality.survey import alone, servers_of, survey
from rehouse.cli.view.report_reality import say_repaired
from rehouse.cli.view.screen import live_view
from rehouse.components.reality import machines
from rehouse.components.shifting import leave_out


@click.command("repair")
@SERVICE
@in_stack
@JSON
def command(service: str | None, folder: Path, stack: str | None, as_json: bool) -> None:
    """Raises missing and stopped instances again, through the gate, and sets the router right.

    The same generation; instances that run are not touched, and the spec is not looked at.

    \b
    Example:  rehouse repair --stack prod
    """
    engine = engine_of(folder, stack)
    alone(engine)
    seen = survey(engine, service)
    with machines(seen.inventory.daemons) as here, live_view(quiet=as_json) as on_event:
        done = repair(engine, seen, here, servers_of(seen.inventory), leave_out, on_event)
    if as_json:
        print_json("repair", service=done.service, raised=done.raised, mended=done.mended)
    else:
        say_repaired(done)
