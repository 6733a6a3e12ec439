"""resume: a rollout in progress goes on."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, LINES, SERVICE, engine_of, in_stack, with_hooks
from rehouse.cli.rollout.carrying import carried_on
from rehouse.cli.rollout.cutoff import cut_off
from rehouse.cli.rollout.deploy import deploy
from rehouse.cli.rollout.hooked import hooked
from rehouse.cli.rollout.hooks import Hooks
from rehouse.cli.rollout.stages import decide
from rehouse.cli.view.report import report_done
from rehouse.cli.view.screen import live_view


@click.command("resume")
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
    """Goes on with a rollout that waits, or whose command has ended: watched, step by step.

    What was cut off before the new generation had any traffic begins again, as the spec says.

    \b
    Example:  rehouse resume --stack prod
    """
    engine = engine_of(folder, stack)
    with (
        live_view(quiet=as_json, as_lines=as_lines) as on_event,
        hooked(engine, hooks, "resume", on_event) as around,
    ):
        if cut_off(engine, service):
            done = deploy(around, service, on_event=on_event)
        else:
            done = decide(around, service, "release", on_event)
        done = carried_on(around, done, on_event)
    report_done("resume", done, as_json, as_lines)
