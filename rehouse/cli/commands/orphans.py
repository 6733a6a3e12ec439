"""orphans: what is ours and nobody knows of."""

from pathlib import Path

import rich_click as click

from rehouse.cli.consent import must_agree
from rehouse.cli.options import JSON, YES, engine_of, in_stack
from rehouse.cli.output import print_json
from rehouse.cli.reality.orphans import looked, remove, shape
from rehouse.cli.view.report_reality import say_orphans, say_removed


@click.command("orphans")
@click.option("--remove", "removes", is_flag=True, help="Remove them, after a question.")
@click.option("--force", is_flag=True, help="Also where the state knows of nothing at all.")
@YES
@in_stack
@JSON
def command(
    removes: bool, force: bool, yes: bool, folder: Path, stack: str | None, as_json: bool
) -> None:
    """Containers, networks, volumes and router entries with the label of this stack that its state does not know.

    Things of other stacks are not looked at.

    \b
    Example:  rehouse orphans --remove --stack prod
    """
    engine = engine_of(folder, stack)
    with looked(engine) as found:
        if not as_json:
            say_orphans(engine.label(), found, engine.locks())
        if found and removes:
            if not yes:
                must_agree(f"Remove these {len(found)}?", "rehouse orphans --remove --yes")
            remove(engine, found, say_removed, force)
    if as_json:
        print_json("orphans", orphans=list(map(shape, found)), removed=bool(found) and removes)
