"""exec: a command inside an instance."""

import sys
from pathlib import Path

import rich_click as click

from rehouse.cli.options import engine_of, in_stack
from rehouse.cli.reality.inventory import of_generation, the_instance
from rehouse.cli.reality.survey import survey
from rehouse.components.errors import OutOfReach
from rehouse.components.reality import machines


@click.command("exec", context_settings={"allow_interspersed_args": False})
@click.argument("words", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--service", help="Which one, where the stack has several.")
@click.option("--generation", metavar="NAME", help="Another one that stands, not the live one.")
@click.option("--instance", metavar="N", type=click.IntRange(min=0), help="The first is 0.")
@in_stack
def command(
    words: tuple[str, ...],
    service: str | None,
    generation: str | None,
    instance: int | None,
    folder: Path,
    stack: str | None,
) -> int:
    """Runs COMMAND in one instance, the first by default; ends with its exit status.

    \b
    Example:  rehouse exec --instance 1 -- cat /etc/os-release
    """
    seen = survey(engine_of(folder, stack), service)
    place = the_instance(of_generation(seen.inventory, seen.ledger, generation), instance or 0)
    with machines([place.daemon]) as here:
        try:
            running = here[place.daemon].run(place.container or "", words)
        except LookupError as error:
            fix = "rehouse drift says more; rehouse repair raises it again"
            raise OutOfReach(str(place), f"cannot run a command: {error}", fix) from None
        for out, err in running.output():
            for stream, piece in ((sys.stdout, out), (sys.stderr, err)):
                stream.buffer.write(piece or b"")
                stream.flush()
        return running.status()
