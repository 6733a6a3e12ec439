"""What all verbs understand in the same way."""

import functools
import os
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
PARALLEL = click.option(
    "--parallel",
    type=click.IntRange(min=1),
    is_flag=False,
    flag_value=len(os.sched_getaffinity(0)),
    metavar="[N]",
    help="Several stacks, N at a time; without N as many as there are cores.",
)
OF_THE_FLEET = ("stack", "parallel", "as_json", "as_lines")  # the rest is what each deploy gets


def in_stack(command: F) -> F:
    """--folder and --stack; the command gets an ``engine``."""
    stack = click.option(
        "--stack",
        "-s",
        envvar="REHOUSE_STACK",
        help="Name of the stack; the selected one by default.",
    )
    return FOLDER(stack(command))


def in_stacks(command: Callable[..., Any]) -> Callable[..., Any]:
    """--folder, --stack and --parallel: the command gets a ``stack``, or is called for each in a process of its own.

    Undermost, so that what else is wrong is told once and before anything begins.
    """

    @functools.wraps(command)
    def called(stack: tuple[str, ...], parallel: int | None, folder: Path, **words: Any) -> Any:
        if parallel is None:
            from rehouse.cli.fleet.chosen import one

            return command(stack=one(stack), folder=folder, **words)
        from rehouse.cli.fleet.deploying import deploy_side_by_side

        how = {key: words[key] for key in ("as_json", "as_lines")}
        return deploy_side_by_side(folder, stack, parallel, _words_for_each(), **how)

    stack = click.option(
        "--stack",
        "-s",
        multiple=True,
        envvar="REHOUSE_STACK",
        help="Name of the stack; with --parallel several, or patterns like 'prod-*'.",
    )
    return FOLDER(stack(PARALLEL(called)))


def _words_for_each() -> list[str]:
    """What this command was called with, but for what is about all of them together."""
    context = click.get_current_context()
    assert context
    options, arguments = [], ["--"]
    for each in context.command.params:
        value = context.params.get(each.name or "")
        if each.name in OF_THE_FLEET or value is None or value is False:
            continue
        if isinstance(each, click.Argument):
            arguments.append(value)
        else:
            options.append(each.opts[0] if value is True else f"{each.opts[0]}={value}")
    return [*options, *arguments]


def with_hooks(command: Callable[..., Any]) -> Callable[..., Any]:
    """--hooks-path and --skip-hooks; the command gets ``hooks``."""
    from rehouse.cli.rollout.hooks import (
        FOLDER as HOOKS,  # as the wishes: large, and not every verb's
    )
    from rehouse.cli.rollout.hooks import Hooks, found

    @functools.wraps(command)
    def called(folder: Path, hooks_path: Path | None, skip_hooks: bool, **words: Any) -> Any:
        home = project_folder(folder)
        programs = {} if skip_hooks else found(hooks_path or home / HOOKS)
        return command(folder=home, hooks=Hooks(home, programs), **words)

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
