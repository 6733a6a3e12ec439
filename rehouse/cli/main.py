"""The command `rehouse`: finds the verb, and prints what went wrong."""

import importlib
import pkgutil
import signal
import sys
from contextlib import suppress
from typing import Any

import rich_click as click

from rehouse.cli import commands
from rehouse.cli.signals import SIGNALS
from rehouse.cli.standard import ReaderGone, bear_all
from rehouse.components.errors import RehouseError

VERBS = sorted(each.name for each in pkgutil.iter_modules(commands.__path__))


class Verbs(click.RichGroup):
    """Imports a verb when it is called, and none to list them: the engine's packages are large."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return [name.rstrip("_") for name in VERBS]

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """What a list says of it."""
        module = _module_of(name)
        return click.Command(name, help=_gist(module)) if module else None

    def resolve_command(
        self, context: click.Context, words: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, listed, rest = super().resolve_command(context, words)
        return name, _imported(name) if name and listed else None, rest


def _module_of(name: str) -> str | None:
    return next((each for each in VERBS if each.rstrip("_") == name), None)


def _gist(module: str) -> str:
    """From the first line of its file, which is ``verb: what it is about``."""
    source = pkgutil.get_data(commands.__name__, f"{module}.py") or b""
    first = source.decode().partition("\n")[0]
    text = first.strip('"').partition(": ")[2]
    return text[:1].upper() + text[1:]


def _imported(name: str) -> click.Command:
    found: click.Command = importlib.import_module(
        f"{commands.__name__}.{_module_of(name)}"
    ).command
    return found


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rehouse")
def cli() -> None:
    """Moves services between houses without losing a request.

    A change never patches what runs: it raises a new generation beside the live one, proves it, shifts the
    traffic, and retires the old one.
    """


def main(arguments: list[str] | None = None) -> None:
    """Ends the process, with the exit codes of docs/reference/exit-codes.md."""
    words = sys.argv[1:] if arguments is None else arguments
    bear_all()
    SIGNALS.heed()
    sys.exit(_run(words))


def _run(words: list[str]) -> int:
    try:
        ended: Any = cli.main(words, prog_name="rehouse", standalone_mode=False)
    except RehouseError as error:
        from rehouse.cli.output import print_error  # rich is large

        with suppress(ReaderGone):
            print_error(error, as_json="--json" in words, as_lines="--json-lines" in words)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _stopped()
    except ReaderGone:
        return 0
    if SIGNALS.first and not ended:
        _say("the signal came after the point of no return: it was finished")
    return ended if isinstance(ended, int) else 0


def _stopped() -> int:
    _say("interrupted before any update had begun", style="bold red")
    return 128 + (SIGNALS.first or signal.SIGINT)


def _say(text: str, style: str | None = None) -> None:
    from rehouse.cli.output import stderr

    stderr.print(text, style=style)
