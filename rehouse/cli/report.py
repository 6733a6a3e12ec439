"""What the ledger says, as people read it and as machines do. No secret value is ever part of it."""

from typing import Any

from rich.table import Table

from rehouse.cli.output import stderr, stdout
from rehouse.cli.rollout import Done
from rehouse.components.ledger import Ledger, Record


def say_done(done: Done) -> None:
    live = ", ".join(done.live) or "nothing"
    if done.changed:
        before = ", ".join(done.before)
        stdout.print(f"{live} is live" + (f", {before} is retired" if before else ""), markup=False)
    else:
        stdout.print(f"{live} is live already: nothing to do", markup=False)


def status_of(ledger: Ledger) -> dict[str, Any]:
    return {
        "serial": ledger.serial,
        "live": list(ledger.live),
        "standing": dict(ledger.standing),
        "quarantined": dict(ledger.quarantined),
    }


def say_status(service: str | None, ledger: Ledger) -> None:
    """A row for each generation that stands, and for each that is quarantined."""
    if not ledger.remembered:
        stderr.print("nothing was deployed yet: rehouse deploy")
        return
    table = _table(service or "", "traffic", "target", "replicas", "image", "since")
    for record in ledger.remembered:
        name = record.generation.name
        if name in ledger.standing:
            spec = record.generation.spec
            share = f"{ledger.standing[name]} %"
            when = _when(record)
            table.add_row(
                name, share, record.generation.target, str(spec.replicas), spec.image, when
            )
    stdout.print(table)
    for name, reason in ledger.quarantined.items():
        stdout.print(f"{name} is quarantined: {reason}", markup=False)


def history_of(ledger: Ledger) -> list[dict[str, Any]]:
    return [
        {
            "name": record.generation.name,
            "outcome": record.outcome,
            "who": record.who,
            "when": record.when,
            "target": record.generation.target,
            "image": record.generation.spec.image,
            "pinned": record.generation.image,
            "reason": ledger.quarantined.get(record.generation.name),
        }
        for record in ledger.remembered
    ]


def say_history(service: str | None, ledger: Ledger) -> None:
    if not ledger.remembered:
        stderr.print("nothing was deployed yet: rehouse deploy")
        return
    table = _table(service or "", "outcome", "when", "who", "image")
    for record in ledger.remembered:
        image = record.generation.spec.image
        table.add_row(record.generation.name, record.outcome, _when(record), record.who, image)
    stdout.print(table)


def _when(record: Record) -> str:
    return record.when.replace("T", " ").removesuffix("+00:00")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
