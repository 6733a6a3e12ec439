"""pause: a rollout in progress waits for a person."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, SERVICE, engine_of, in_stack
from rehouse.cli.rollout.stages import decide
from rehouse.cli.view.report import report_done
from rehouse.cli.view.screen import live_view


@click.command("pause")
@SERVICE
@in_stack
@JSON
def command(service: str | None, folder: Path, stack: str | None, as_json: bool) -> None:
    """The traffic stays shared as it is, until `rehouse resume`, `rehouse promote` or `rehouse abort`.

    \b
    Example:  rehouse pause
    """
    engine = engine_of(folder, stack)
    with live_view(quiet=as_json) as on_event:
        done = decide(engine, service, "hold", on_event)
    report_done("pause", done, as_json)
