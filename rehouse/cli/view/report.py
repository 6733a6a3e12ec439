"""What the ledger says, as people read it and as machines do. No secret value is ever part of it."""

from dataclasses import asdict
from typing import Any

from rich.table import Table

from rehouse.cli.output import print_json, print_line, stderr, stdout
from rehouse.cli.rollout.maintenance import Maintained
from rehouse.cli.rollout.remembered import reasons
from rehouse.cli.rollout.updates import STAYS, Done
from rehouse.components.ledger import Ledger, Record
from rehouse.components.progress import Progress

CLOSED = "users get a 503; rehouse maintenance off lets them in"


def report_done(command: str, done: Done, as_json: bool, as_lines: bool = False) -> None:
    """How a command that changes what is live has ended."""
    if as_lines:
        print_line({"event": "end", "command": command, **_done_of(done)})
    elif as_json:
        print_json(command, **_done_of(done))
    else:
        stdout.print(_ending(done), markup=False)
        if done.maintenance:
            stdout.print(f"in maintenance: {CLOSED}", markup=False)


def report_maintained(done: Maintained, as_json: bool) -> None:
    if as_json:
        print_json("maintenance", **vars(done))
        return
    live = ", ".join(done.live) or "nothing"
    told = f"in maintenance: {CLOSED}" if done.maintenance else f"open: {live} has the traffic"
    stdout.print(told + ("" if done.changed else ", as before"), markup=False)


def _done_of(done: Done) -> dict[str, Any]:
    return {
        "service": done.service,
        "before": done.before,
        "live": done.live,
        "standing": done.standing,
        "changed": done.changed,
        "progress": progress_of(done.progress),
        "maintenance": done.maintenance,
    }


def _ending(done: Done) -> str:
    live = ", ".join(done.live) or "nothing"
    if done.progress:
        return _waiting(done.progress)
    if not done.changed and done.cleared:
        return f"{live} is live; whatever else was left over is gone"
    if not done.changed:
        return f"{live} is live already: nothing to do"
    gone = ", ".join(name for name in done.before if name not in done.standing)
    return f"{live} is live" + (f", {gone} is retired" if gone else "")


def progress_of(progress: Progress | None) -> dict[str, Any] | None:
    if progress is None:
        return None
    facts = progress.model_dump(mode="json", exclude={"rollout", "replicas"})
    strategy, steps = progress.rollout.strategy, progress.shares
    return {**facts, "strategy": strategy, "steps": steps, "share": progress.share}


def _waiting(progress: Progress) -> str:
    """What a rollout that is in progress waits for, and what may be typed."""
    before = ", ".join(progress.before)
    if progress.is_stopped:
        return f"{before} is stopped, {progress.generation} is not raised yet: nothing answers; {STAYS}"
    state = f"{progress.generation} has {progress.share} % of the traffic, {before} the rest"
    if progress.bakes:
        state = f"{progress.generation} has all of the traffic, {before} is kept warm"
    return f"{state}; rehouse promote takes the next step, {STAYS}"


def status_of(ledger: Ledger) -> dict[str, Any]:
    return {
        "serial": ledger.serial,
        "live": list(ledger.live),
        "standing": dict(ledger.standing),
        "quarantined": dict(ledger.quarantined),
        "progress": progress_of(ledger.progress),
        "maintenance": ledger.maintenance,
    }


def say_status(service: str | None, ledger: Ledger, is_cut_off: bool = False) -> None:
    """A row for each generation that stands, and for each that is quarantined.

    Where an update was cut off, the ledger says what was before it.
    """
    if not ledger.remembered:
        stderr.print("nothing was deployed yet: rehouse deploy")
        return
    table = _table(service or "", "traffic", "target", "replicas", "image", "since")
    for record in ledger.remembered:
        name = record.generation.name
        if name in ledger.standing:
            spec = record.generation.spec
            share = f"{'was ' if is_cut_off else ''}{ledger.standing[name]} %"
            when = _when(record)
            table.add_row(
                name, share, record.generation.target, str(spec.replicas), spec.image, when
            )
    stdout.print(table)
    if ledger.maintenance:
        stdout.print(f"in maintenance: {CLOSED}", markup=False)
    if ledger.progress:
        stdout.print(f"in progress: {_waiting(ledger.progress)}", markup=False)
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
            "changes": [asdict(each) for each in changes],
        }
        for record, changes in zip(ledger.remembered, reasons(ledger), strict=True)
    ]


def say_history(service: str | None, ledger: Ledger) -> None:
    if not ledger.remembered:
        stderr.print("nothing was deployed yet: rehouse deploy")
        return
    table = _table(service or "", "outcome", "when", "who", "image", "changed")
    for record, changes in zip(ledger.remembered, reasons(ledger), strict=True):
        image, keys = record.generation.spec.image, ", ".join(each.key for each in changes)
        name = record.generation.name
        table.add_row(name, record.outcome, _when(record), record.who, image, keys)
    stdout.print(table)


def _when(record: Record) -> str:
    return record.when.replace("T", " ").removesuffix("+00:00")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
