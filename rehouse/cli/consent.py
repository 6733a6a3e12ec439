"""Asks the person at the terminal before something is gone for good; who is no person says --yes."""

import sys

from rich.prompt import Confirm, Prompt

from rehouse.cli.output import stderr
from rehouse.components.errors import Refused, Wrong

UNTOUCHED = "nothing was touched"


def must_agree(question: str, yes: str) -> None:
    """*yes* is the command that does not ask. Raises Wrong without a terminal, Refused where the answer is no."""
    _must_be_a_person(question, yes)
    if not Confirm.ask(question, console=stderr, default=False):
        raise Refused("answer", "was no", yes, UNTOUCHED)


def must_name(question: str, expected: str, yes: str) -> None:
    """The same, where the name of what goes must be typed."""
    if answer(question, yes) != expected:
        raise Refused("answer", f"was not {expected}", yes, UNTOUCHED)


def answer(question: str, yes: str) -> str:
    """What the person types. Raises Wrong without a terminal."""
    _must_be_a_person(question, yes)
    return Prompt.ask(question, console=stderr)


def _must_be_a_person(question: str, yes: str) -> None:
    if not (sys.stdin.isatty() and stderr.is_terminal):
        raise Wrong("terminal", f"there is none to ask: {question}", yes, UNTOUCHED)
