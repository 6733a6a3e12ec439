"""deploy: what the spec says becomes live."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, LINES, SERVICE, engine_of, in_stacks, with_hooks, with_wishes
from rehouse.cli.rollout.carrying import carried_on
from rehouse.cli.rollout.deploy import deploy
from rehouse.cli.rollout.hooked import hooked
from rehouse.cli.rollout.hooks import Hooks
from rehouse.cli.rollout.setting import setting
from rehouse.cli.view.report import report_done
from rehouse.cli.view.screen import live_view
from rehouse.components.wishes import Wishes


@click.command("deploy")
@SERVICE
@click.option(
    "--target",
    help="Kind of house to move to; kept in the stack's configuration, unless the move fails.",
)
@click.option("--force", is_flag=True, help="Also a generation that is quarantined.")
@click.option(
    "--keep", is_flag=True, help="One that fails stands without traffic, to be looked at."
)
@with_wishes
@JSON
@LINES
@with_hooks
@in_stacks
def command(
    service: str | None,
    target: str | None,
    force: bool,
    keep: bool,
    wishes: Wishes,
    folder: Path,
    hooks: Hooks,
    stack: str | None,
    as_json: bool,
    as_lines: bool,
) -> None:
    """Raise, prove, shift, retire: undone if it fails. A canary and a bake are watched, step by step.

    With --parallel each of the stacks is such a deploy of its own: one that fails stops no other.

    \b
    Example:  rehouse deploy --stack prod
              rehouse deploy --parallel 4 --stack 'prod-*' --stack shop
    """
    engine = engine_of(folder, stack)
    expected = {"target": target} if target else {}
    with (
        live_view(quiet=as_json, as_lines=as_lines) as on_event,
        hooked(engine, hooks, "deploy", on_event) as around,
        setting(engine, service, "target", target),
    ):
        begun = deploy(around, service, force, keep, on_event, expected, wishes)
        done = carried_on(around, begun, on_event, keep)
    report_done("deploy", done, as_json, as_lines)
