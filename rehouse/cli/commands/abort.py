"""abort: a rollout in progress is undone."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, LINES, SERVICE, engine_of, in_stack
from rehouse.cli.rollout.cutoff import cut_off, go_back
from rehouse.cli.rollout.stages import abort
from rehouse.cli.view.report import report_done
from rehouse.cli.view.screen import live_view


@click.command("abort")
@SERVICE
@click.option("--reason", default="aborted", help="Why; it is kept with the generation.")
@in_stack
@JSON
@LINES
def command(
    service: str | None, reason: str, folder: Path, stack: str | None, as_json: bool, as_lines: bool
) -> None:
    """What was live before has all of the traffic again; the new generation is quarantined.

    What was cut off before the new generation had any traffic is taken away, and may be tried again.

    \b
    Example:  rehouse abort --reason "too slow"
    """
    engine = engine_of(folder, stack)
    with live_view(quiet=as_json, as_lines=as_lines) as on_event:
        if cut_off(engine, service):
            done = go_back(engine, service, on_event)
        else:
            done = abort(engine, service, reason, on_event)
    report_done("abort", done, as_json, as_lines)
