"""promote: the next step of a rollout, now."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, LINES, SERVICE, engine_of, in_stack, with_hooks
from rehouse.cli.rollout.carrying import carried_on
from rehouse.cli.rollout.hooked import hooked
from rehouse.cli.rollout.hooks import Hooks
from rehouse.cli.rollout.stages import advance
from rehouse.cli.view.report import report_done
from rehouse.cli.view.screen import live_view


@click.command("promote")
@SERVICE
@in_stack
@JSON
@LINES
@with_hooks
def command(
    service: str | None,
    folder: Path,
    hooks: Hooks,
    stack: str | None,
    as_json: bool,
    as_lines: bool,
) -> None:
    """The new generation gets its next share of the traffic, or, where it has everything, stands alone.

    \b
    Example:  rehouse promote
    """
    engine = engine_of(folder, stack)
    with (
        live_view(quiet=as_json, as_lines=as_lines) as on_event,
        hooked(engine, hooks, "promote", on_event) as around,
    ):
        done = carried_on(around, advance(around, service, on_event), on_event)
    report_done("promote", done, as_json, as_lines)
