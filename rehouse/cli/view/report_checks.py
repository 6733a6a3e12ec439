"""What checks have found, as people read it and as machines do."""

from typing import Any

from rich.text import Text

from rehouse.cli.checks.checking import Checked
from rehouse.cli.checks.needs import Need
from rehouse.cli.output import stderr, stdout, words_of


def checked_of(checked: Checked) -> dict[str, Any]:
    return {
        "file": str(checked.file),
        "service": checked.spec.service if checked.spec else None,
        "error": words_of(checked.error) if checked.error else None,
    }


def say_checked(checked: list[Checked]) -> None:
    """A line for each file that is right; what is wrong is told as an error is."""
    for each in checked:
        if each.spec:
            stdout.print(f"{each.file}: ok, service {each.spec.service}", markup=False)


def say_started(files: list[str], following: list[str]) -> None:
    for name in files:
        stdout.print(name, markup=False)
    stderr.print("next:")
    for line in following:
        stderr.print(f"  {line}", markup=False)


def need_of(need: Need) -> dict[str, Any]:
    facts = {"name": need.name, "said": need.said, "fix": need.fix}
    return {**facts, "ok": need.met}


def say_needs(needs: list[Need]) -> None:
    """A line for each, and below what is wrong, what to type."""
    for each in needs:
        word, style = ("ok", "green") if each.met else ("wrong", "bold red")
        stdout.print(Text(f"{word:<7}", style).append(f"{each.name}: {each.said}", "default"))
        if each.fix:
            stdout.print(f"       fix: {each.fix}", markup=False)
