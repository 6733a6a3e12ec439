"""What it took to raise many services by one command, as a table."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bench.parallel import Round, slope


def show(console: Console, rounds: Sequence[Round]) -> None:
    console.print("[bold]Many services[/] by one command, none of them there before\n")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("services", "", "seconds", "all answer", "peak MiB"):
        table.add_column(title, justify="left" if title == "" else "right")
    for each in rounds:
        for title, run in each.runs.items():
            numbers = (f"{run.seconds:.1f}", f"{run.answered:.1f}", str(run.peak))
            table.add_row(str(each.services), title, *numbers)
        for title, seconds in each.foreseen.items():
            table.add_row(str(each.services), title, f"about {seconds:.0f}", "not measured", "")
    console.print(table)
    console.print(_LEGEND)
    for title in rounds[0].runs if rounds else ():
        if (each_further := slope(rounds, title)) is not None:
            console.print(f"each further service: {title} {each_further:.2f} s")
    console.print()


_LEGEND = """
[dim]a service        one container on a network of its own, and an HAProxy before it
rehouse          a stack for each, which existed; each is proven by its gate
docker-compose   one file; it ends when all is started, well or not
peak             of the command's own processes, all together (PSS), every 0.5 s
about            not measured for want of time: on the line through those that
                 were[/]
"""
