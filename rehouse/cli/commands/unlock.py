"""unlock: a stack that is held by nobody any more is free again."""

from collections.abc import Sequence
from pathlib import Path

import rich_click as click

from rehouse.cli.consent import answer
from rehouse.cli.options import JSON, engine_of, in_stack
from rehouse.cli.output import print_json
from rehouse.cli.state.locks import Lock
from rehouse.cli.state.unlocking import unlock
from rehouse.cli.view.report_locks import say_locks, say_unlocked, shape


@click.command("unlock")
@click.option("--holder", metavar="USER@HOST", help="Who holds it, in place of an answer.")
@in_stack
@JSON
def command(holder: str | None, folder: Path, stack: str | None, as_json: bool) -> None:
    """For a lock whose process may live or be dead, and nothing proves which: shows holder and age, asks for the name.

    The lock of a process that is provably dead goes unasked, also at every other verb; of one that lives, never.

    \b
    Example:  rehouse unlock --holder ci@runner-7
    """

    def named(locks: Sequence[Lock]) -> str:
        say_locks(locks)
        question = "Type who holds it, if that process is no more"
        return holder or answer(question, "rehouse unlock --holder USER@HOST")

    engine = engine_of(folder, stack)
    gone = unlock(engine, named)
    if as_json:
        print_json("unlock", stack=engine.stack_name(), unlocked=list(map(shape, gone)))
    else:
        say_unlocked(engine.stack_name(), gone)
