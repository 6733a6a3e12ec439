"""What all verbs understand in the same way."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import rich_click as click

from rehouse.cli.engine import Engine
from rehouse.cli.project import project_folder

F = TypeVar("F", bound=Callable[..., object])

SERVICE = click.argument("service", required=False)
JSON = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object on stdout, errors too."
)
YES = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


def in_stack(command: F) -> F:
    """--folder and --stack; the command gets an ``engine``."""
    folder = click.option(
        "--folder",
        "-C",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        default=".",
        help="Folder of the project, or one below it.",
    )
    stack = click.option(
        "--stack",
        "-s",
        envvar="REHOUSE_STACK",
        help="Name of the stack; the selected one by default.",
    )
    return folder(stack(command))


def engine_of(folder: Path, stack: str | None) -> Engine:
    return Engine(project_folder(folder), stack)
