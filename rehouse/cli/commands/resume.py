"""resume: a rollout in progress goes on."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, LINES, SERVICE, engine_of, in_stack
from rehouse.cli.progress import carried_on
from rehouse.cli.report import report_done
from rehouse.cli.screen import live_view
from rehouse.cli.stages import decide


@click.command("resume")
@SERVICE
@in_stack
@JSON
@LINES
def command(
    service: str | None, folder: Path, stack: str | None, as_json: bool, as_lines: bool
) -> None:
    """Goes on with a rollout that waits, or whose command has ended: watched, step by step.

    \b
    Example:  rehouse resume --stack prod
    """
    engine = engine_of(folder, stack)
    with live_view(quiet=as_json, as_lines=as_lines) as on_event:
        done = carried_on(engine, decide(engine, service, "release", on_event), on_event)
    report_done("resume", done, as_json, as_lines)
