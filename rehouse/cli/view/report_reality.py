"""What drift, orphans and repair found, as people read it."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from rehouse.cli.output import stderr, stdout
from rehouse.cli.reality.drift import Finding
from rehouse.cli.reality.orphans import Orphan
from rehouse.cli.reality.repair import Repaired
from rehouse.cli.state.locks import Lock


def say_drift(service: str, found: Sequence[Finding]) -> None:
    """A row for each finding; nothing on stdout where all is as it should be."""
    if not found:
        stderr.print(f"{service or 'nothing'} is as the ledger says: no drift", markup=False)
        return
    table = _table("where", "what", "fix")
    for each in found:
        table.add_row(each.place, each.what, each.fix)
    stdout.print(table)


def say_repaired(done: Repaired) -> None:
    """A line for each thing; nothing on stdout where nothing was to be done."""
    if not done.raised and not done.mended:
        stderr.print(f"{done.service or 'nothing'}: all instances run, nothing to do", markup=False)
    for name in done.raised:
        stdout.print(f"{name} is raised again", markup=False)
    for place in done.mended:
        stdout.print(f"{place} is set right", markup=False)


def say_orphans(label: str, found: Sequence[Orphan], held: Sequence[Lock] | None) -> None:
    """A row for each; nothing on stdout where there is none."""
    for lock in held or ():
        what = f"{lock} is working on the stack: what it is just making is listed as well"
        stderr.print(what, markup=False)
    if not found:
        stderr.print(f"no orphans of {label}", markup=False)
        return
    table = _table("where", "kind", "name")
    for each in found:
        table.add_row(each.place, each.kind, each.name)
    stdout.print(table)


def say_removed(orphan: Orphan) -> None:
    stderr.print(f"removed {orphan.kind} {orphan.name}", markup=False)


def say_destroyed(stack: str, gone: Sequence[Mapping[str, str]]) -> None:
    """What is gone, a line each; nothing on stdout where there was nothing."""
    for each in gone:
        stdout.print(f"{each['kind']} {each['name']} is gone", markup=False)
    rest = f"stack {stack} is empty; its configuration is kept, pulumi stack rm {stack} removes it"
    stderr.print(rest if gone else f"stack {stack} has nothing: nothing to do", markup=False)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
