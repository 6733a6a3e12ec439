"""maintenance: the router turns users away, or lets them in again."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, SERVICE, engine_of, in_stack
from rehouse.cli.rollout.maintenance import maintain
from rehouse.cli.view.report import report_maintained
from rehouse.cli.view.screen import live_view


@click.command("maintenance")
@click.argument("state", type=click.Choice(["on", "off"]))
@SERVICE
@in_stack
@JSON
def command(
    state: str, service: str | None, folder: Path, stack: str | None, as_json: bool
) -> None:
    """While it is on users get a 503, and read what `router.unavailable` of the spec says; with tcp none gets through.

    Instances run on, requests in flight are finished, and a deploy does not end it.

    \b
    Example:  rehouse maintenance on
    """
    engine = engine_of(folder, stack)
    with live_view(quiet=as_json) as on_event:
        done = maintain(engine, service, state == "on", on_event)
    report_maintained(done, as_json)
