"""destroy: nothing of the stack is left."""

from pathlib import Path

import rich_click as click

from rehouse.cli.consent import must_name
from rehouse.cli.options import JSON, YES, engine_of, in_stack
from rehouse.cli.output import print_json
from rehouse.cli.reality.destroying import destroy
from rehouse.cli.reality.orphans import looked
from rehouse.cli.view.report_reality import say_destroyed, say_removed
from rehouse.cli.view.screen import live_view


@click.command("destroy")
@YES
@in_stack
@JSON
def command(yes: bool, folder: Path, stack: str | None, as_json: bool) -> None:
    """Removes everything of the stack, the router and the remembered generations too: users get no answer any more.

    Asks for the stack's name. Its configuration stays, for the next deploy.

    \b
    Example:  rehouse destroy --stack test --yes
    """
    engine = engine_of(folder, stack)
    name, gone = engine.label().rpartition("/")[2], []
    with looked(engine) as orphans:
        if engine.resources() or orphans:
            if not yes:
                question = f"Destroys {engine.label()}. Type the name of the stack"
                must_name(question, name, "rehouse destroy --yes")
            with live_view(quiet=as_json) as on_event:
                gone = destroy(engine, orphans, on_event, say_removed)
    if as_json:
        print_json("destroy", stack=name, gone=gone)
    else:
        say_destroyed(name, gone)
