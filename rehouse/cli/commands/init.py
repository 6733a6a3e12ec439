"""init: a project to start from."""

from pathlib import Path

import rich_click as click

from rehouse.cli.options import JSON
from rehouse.cli.output import print_json
from rehouse.cli.starter import starter, steps
from rehouse.cli.view.report_checks import say_started


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--service", default="web", show_default=True, help="Name of the service.")
@click.option("--image", help="What it runs; without it, a name to replace.")
@click.option("--port", default=8080, show_default=True, help="Where it answers.")
@JSON
def command(folder: Path, service: str, image: str | None, port: int, as_json: bool) -> None:
    """A project in FOLDER: program, spec, stack `dev` and a CI workflow. Nothing is overwritten.

    \b
    Example:  rehouse init shop --service web --image registry.example.com/web:1.4
    """
    made = starter(folder, service, image, port)
    made.write()
    following = steps(folder, image, service)
    if as_json:
        print_json("init", folder=str(folder), files=list(made.texts), next=following)
    else:
        say_started(list(made.texts), following)
