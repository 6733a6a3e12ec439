"""How the deploys of many stacks have ended, as people read it and as machines do."""

from collections.abc import Sequence

from rich.table import Table

from rehouse.cli.fleet.ended import Ended
from rehouse.cli.output import print_json, print_line, stderr, stdout


def report_fleet(ended: Sequence[Ended], as_json: bool, as_lines: bool) -> None:
    shapes = [each.shape() for each in ended]
    if as_lines:
        print_line({"event": "end", "command": "deploy", "stacks": shapes})
    elif as_json:
        print_json("deploy", stacks=shapes)
    else:
        stdout.print(_table(ended))
        bad = [each.stack for each in ended if not each.well]
        if bad:
            told = f"{len(ended) - len(bad)} of {len(ended)} are live; not {', '.join(bad)}"
            stderr.print(told, style="bold red", markup=False)


def _table(ended: Sequence[Ended]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("stack", "code", "seconds", ""):
        table.add_column(
            column, overflow="fold", justify="right" if column in ("code", "seconds") else "left"
        )
    for each in ended:
        code = "-" if each.code is None else str(each.code)
        table.add_row(each.stack, code, f"{each.seconds:.1f}" if each.seconds else "", str(each))
    return table
