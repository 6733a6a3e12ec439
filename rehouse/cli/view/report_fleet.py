"""How the deploys of many stacks have ended, as people read it and as machines do."""

from collections.abc import Iterator, Sequence

from rehouse.cli.fleet.ended import Ended
from rehouse.cli.output import print_json, print_line, stderr, stdout


def report_fleet(ended: Sequence[Ended], as_json: bool, as_lines: bool) -> None:
    shapes = [each.shape() for each in ended]
    if as_lines:
        print_line({"event": "end", "command": "deploy", "stacks": shapes})
    elif as_json:
        print_json("deploy", stacks=shapes)
    else:
        for line in _lines(ended):
            stdout.print(line, markup=False)
        bad = [each.stack for each in ended if not each.well]
        if bad:
            told = f"{len(ended) - len(bad)} of {len(ended)} are live; not {', '.join(bad)}"
            stderr.print(told, style="bold red", markup=False)


def _lines(ended: Sequence[Ended]) -> Iterator[str]:
    """Never folded: one for each stack, also where they are read by a program."""
    wide = max(len("stack"), *(len(each.stack) for each in ended))
    yield f"{'stack':<{wide}}  code  seconds"
    for each in ended:
        code = "-" if each.code is None else each.code
        yield f"{each.stack:<{wide}}  {code:>4}  {each.seconds:>7.1f}  {each}"
