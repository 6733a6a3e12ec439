"""doctor: whether all is there that a rollout needs."""

import os
from pathlib import Path

import rich_click as click

from rehouse.cli.checks.doctor import examine
from rehouse.cli.options import JSON, engine_of, in_stack
from rehouse.cli.output import print_json
from rehouse.cli.view.report_checks import need_of, say_needs
from rehouse.components.errors import OutOfReach


@click.command("doctor")
@in_stack
@JSON
def command(folder: Path, stack: str | None, as_json: bool) -> int:
    """Pulumi and its plugins, the environment, the machines of the stack's site: ok, or what to type.

    Outside a project the site is this machine's own Docker. Exit status 13 if anything is wrong.

    \b
    Example:  rehouse doctor --stack prod
    """
    needs = examine(folder, lambda: engine_of(folder, stack), os.environ)
    met = all(each.met for each in needs)
    if as_json:
        print_json("doctor", ok=met, checks=[need_of(each) for each in needs])
    else:
        say_needs(needs)
    return 0 if met else OutOfReach.exit_code
