"""What all verbs understand in the same way."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from rehouse.cli.project import project_folder

if TYPE_CHECKING:
    from rehouse.cli.engine import Engine

F = TypeVar("F", bound=Callable[..., object])

SERVICE = click.argument("service", required=False)
JSON = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object on stdout, errors too."
)
LINES = click.option(
    "--json-lines", "as_lines", is_flag=True, help="Each event as JSON on a line of stdout."
)
YES = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
WISHES = (
    click.option(
        "--strategy", metavar="NAME", help="This time blue-green, canary, rolling or recreate."
    ),
    click.option("--steps", metavar="SHARES", help="Of a canary, in percent, like 5,25,50."),
    click.option("--pause", metavar="DURATION", help="After each step, like 5m, or promote."),
    click.option("--bake", metavar="DURATION", help="How long the old ones stay warm, like 10m."),
)
FOLDER = click.option(
    "--folder",
    "-C",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=".",
    help="Folder of the project, or one below it.",
)


def in_stack(command: F) -> F:
    """--folder and --stack; the command gets an ``engine``."""
    stack = click.option(
        "--stack",
        "-s",
        envvar="REHOUSE_STACK",
        help="Name of the stack; the selected one by default.",
    )
    return FOLDER(stack(command))


def with_hooks(command: Callable[..., None]) -> Callable[..., None]:
    """--hooks-path and --skip-hooks; the command gets ``hooks``."""
    from rehouse.cli.rollout.hooks import (
        FOLDER as HOOKS,  # as the wishes: large, and not every verb's
    )
    from rehouse.cli.rollout.hooks import Hooks, found

    @functools.wraps(command)
    def called(folder: Path, hooks_path: Path | None, skip_hooks: bool, **words: Any) -> None:
        home = project_folder(folder)
        programs = {} if skip_hooks else found(hooks_path or home / HOOKS)
        command(folder=home, hooks=Hooks(home, programs), **words)

    path = click.option(
        "--hooks-path",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        envvar="REHOUSE_HOOKS_PATH",
        help=f"Folder of the hooks, {HOOKS} of the project by default.",
    )
    skip = click.option("--skip-hooks", is_flag=True, help="Run none of them.")
    return path(skip(called))


def with_wishes(command: Callable[..., Any]) -> Callable[..., Any]:
    """--strategy, --steps, --pause and --bake; the command gets ``wishes``."""
    from rehouse.components.wishes import wished

    @functools.wraps(command)
    def called(
        strategy: str | None, steps: str | None, pause: str | None, bake: str | None, **words: Any
    ) -> Any:
        return command(wishes=wished(strategy, steps, pause, bake), **words)

    for option in reversed(WISHES):
        called = option(called)
    return called


def engine_of(folder: Path, stack: str | None) -> "Engine":
    from rehouse.cli.engine import Engine  # large: the help and the checks do without it

    return Engine(project_folder(folder), stack)
