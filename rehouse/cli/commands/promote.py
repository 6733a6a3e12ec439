"""promote: the next step of a rollout, now."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, LINES, SERVICE, engine_of, in_stack
from rehouse.cli.progress import carried_on
from rehouse.cli.report import report_done
from rehouse.cli.screen import live_view
from rehouse.cli.stages import advance


@click.command("promote")
@SERVICE
@in_stack
@JSON
@LINES
def command(
    service: str | None, folder: Path, stack: str | None, as_json: bool, as_lines: bool
) -> None:
    """The new generation gets its next share of the traffic, or, where it has everything, stands alone.

    \b
    Example:  rehouse promote
    """
    engine = engine_of(folder, stack)
    with live_view(quiet=as_json, as_lines=as_lines) as on_event:
        done = carried_on(engine, advance(engine, service, on_event), on_event)
    report_done("promote", done, as_json, as_lines)
