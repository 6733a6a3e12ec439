"""kit: the kernel and the first process that images are started with as VMs."""

import rich_click as click

from rehouse.cli.options import JSON
from rehouse.cli.output import print_json, stderr
from rehouse.cli.view.report_kit import say_kit
from rehouse.kit.making import kit
from rehouse.kit.store import home


@click.command("kit")
@JSON
def command(as_json: bool) -> None:
    """Makes the boot kit from Debian's cloud kernel, without root; where it is there, nothing is made.

    It is named by its content and kept in your data folder. Needs apt, Go and lz4.

    \b
    Example:  apt-get update && rehouse kit
    """
    made = kit(home(), stderr.print)
    if as_json:
        print_json("kit", name=made.name, folder=str(made.folder), manifest=made.manifest)
    else:
        say_kit(made)
