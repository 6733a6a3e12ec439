"""check: whether specs are right."""

from pathlib import Path

import rich_click as click

from rehouse.cli.checks.checking import check, must_be_right, specs_of_project
from rehouse.cli.options import FOLDER, JSON
from rehouse.cli.output import print_json
from rehouse.cli.view.report_checks import checked_of, say_checked


@click.command("check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@FOLDER
@JSON
def command(files: tuple[Path, ...], folder: Path, as_json: bool) -> int:
    """The spec in each of FILES, or in all that the stacks of the project name; no engine, no daemon.

    For CI jobs and pre-commit: exit status 2 if any is wrong, and all are read before it ends.

    \b
    Example:  rehouse check web.yaml api.yaml
    """
    checked = check(files or specs_of_project(folder))
    if as_json:
        print_json("check", files=[checked_of(each) for each in checked])
        return max(each.error.exit_code if each.error else 0 for each in checked)
    say_checked(checked)
    must_be_right(checked)
    return 0
