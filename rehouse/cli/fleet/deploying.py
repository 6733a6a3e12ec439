"""`deploy --parallel`: the stacks that are meant, an ordinary deploy of each, and what came of it."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rehouse.cli.engine import Engine
from rehouse.cli.fleet.chosen import many
from rehouse.cli.fleet.ended import gravest
from rehouse.cli.fleet.side_by_side import side_by_side
from rehouse.cli.signals import SIGNALS
from rehouse.cli.view.fleet import fleet_view
from rehouse.cli.view.report_fleet import report_fleet

REHOUSE = (sys.executable, "-P", "-m", "rehouse")  # -P: nothing of the folder that it is called in


def deploy_side_by_side(
    folder: Path,
    patterns: Sequence[str],
    most: int,
    words: Sequence[str],
    as_json: bool,
    as_lines: bool,
) -> int:
    """The exit status, which is the gravest of all. *words* are what each deploy is called with.

    Raises Wrong and OutOfReach before anything is touched.
    """
    stacks = many(patterns, Engine(folder, None).stacks())

    def command_of(stack: str) -> list[str]:
        return [*REHOUSE, "deploy", f"--stack={stack}", "--json-lines", *words]

    with fleet_view(len(stacks), as_json, as_lines) as watch:
        ended = side_by_side(stacks, command_of, most, watch)
    report_fleet(ended, as_json, as_lines)
    missing = 128 + SIGNALS.first
    return gravest(missing if each.code is None else each.code for each in ended)
