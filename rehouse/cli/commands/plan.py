"""plan: what a deploy would do, and why."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON, SERVICE, engine_of, in_stack, with_wishes
from rehouse.cli.output import print_json
from rehouse.cli.rollout.plan import plan
from rehouse.cli.view.report_plan import say_plan
from rehouse.components.wishes import Wishes

CHANGES = 3


@click.command("plan")
@SERVICE
@click.option("--force", is_flag=True, help="As if deployed with --force.")
@click.option("--exit-code", is_flag=True, help=f"End with {CHANGES} where there are changes.")
@with_wishes
@in_stack
@JSON
def command(
    service: str | None,
    force: bool,
    exit_code: bool,
    wishes: Wishes,
    folder: Path,
    stack: str | None,
    as_json: bool,
) -> int:
    """What `rehouse deploy` would raise, shift and retire, and what differs from what is live.

    Touches nothing. What a deploy would refuse ends it as it would end the deploy.

    \b
    Example:  rehouse plan --stack prod --exit-code
    """
    found = plan(engine_of(folder, stack), service, force, wishes)
    if as_json:
        print_json("plan", **found.shape())
    else:
        say_plan(found)
    return CHANGES if found.changed and exit_code else 0
