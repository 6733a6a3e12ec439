"""rollback: a generation that was live before becomes live again."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, LINES, engine_of, in_stack, with_hooks
from rehouse.cli.rollout.cutoff import go_back, is_half_done
from rehouse.cli.rollout.deploy import rollback
from rehouse.cli.rollout.hooked import hooked
from rehouse.cli.rollout.hooks import Hooks
from rehouse.cli.view.report import report_done
from rehouse.cli.view.screen import live_view


@click.command("rollback")
@click.argument("generation", required=False)
@click.option("--service", help="Which one, where the stack has several.")
@click.option("--reason", help="Why; it is kept with the generation that is left.")
@in_stack
@JSON
@LINES
@with_hooks
def command(
    generation: str | None,
    service: str | None,
    reason: str | None,
    folder: Path,
    hooks: Hooks,
    stack: str | None,
    as_json: bool,
    as_lines: bool,
) -> None:
    """Back to GENERATION, or to the one before: image, configuration and secrets as they were.

    What it leaves is quarantined: a plain update does not choose it again. Where an update was
    cut off, and no GENERATION is named, that one is undone, and nothing is quarantined.

    \b
    Example:  rehouse rollback web-81d0e4c --reason "slow queries"
    """
    engine = engine_of(folder, stack)
    with (
        live_view(quiet=as_json, as_lines=as_lines) as on_event,
        hooked(engine, hooks, "rollback", on_event) as around,
    ):
        if generation is None and is_half_done(engine, service):
            done = go_back(around, service, on_event)
        else:
            done = rollback(around, service, generation, reason, on_event)
    report_done("rollback", done, as_json, as_lines)
