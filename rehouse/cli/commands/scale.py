"""scale: another number of instances."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, LINES, SERVICE, engine_of, in_stack, with_hooks, with_wishes
from rehouse.cli.rollout.carrying import carried_on
from rehouse.cli.rollout.deploy import deploy
from rehouse.cli.rollout.hooked import hooked
from rehouse.cli.rollout.hooks import Hooks
from rehouse.cli.rollout.setting import setting
from rehouse.cli.view.report import report_done
from rehouse.cli.view.screen import live_view
from rehouse.components.wishes import Wishes

KEY = "replicas"


@click.command("scale")
@click.argument("number", type=click.IntRange(1, 100))
@SERVICE
@with_wishes
@in_stack
@JSON
@LINES
@with_hooks
def command(
    number: int,
    service: str | None,
    wishes: Wishes,
    folder: Path,
    hooks: Hooks,
    stack: str | None,
    as_json: bool,
    as_lines: bool,
) -> None:
    """NUMBER instances by an ordinary rollout, of what the spec says now; undone if it fails.

    It is kept as `replicas` in the stack's configuration, and counts instead of what the spec says until
    `pulumi config rm replicas`.

    \b
    Example:  rehouse scale 4 --stack prod
    """
    engine = engine_of(folder, stack)
    with (
        live_view(quiet=as_json, as_lines=as_lines) as on_event,
        hooked(engine, hooks, "scale", on_event) as around,
        setting(engine, service, KEY, str(number)),
    ):
        begun = deploy(around, service, on_event=on_event, expected={KEY: number}, wishes=wishes)
        done = carried_on(around, begun, on_event)
    report_done("scale", done, as_json, as_lines)
