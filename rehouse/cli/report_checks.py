"""What checks have found, as people read it and as machines do."""

from typing import Any

from rich.text import Text

from rehouse.cli.checking import Checked
from rehouse.cli.finding import Finding
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


def finding_of(finding: Finding) -> dict[str, Any]:
    facts = {"name": finding.name, "said": finding.said, "fix": finding.fix}
    return {**facts, "well": finding.well}


def say_findings(findings: list[Finding]) -> None:
    """A line for each, and below what is wrong, what to type."""
    for each in findings:
        word, style = ("ok", "green") if each.well else ("wrong", "bold red")
        stdout.print(Text(f"{word:<7}", style).append(f"{each.name}: {each.said}", "default"))
        if each.fix:
            stdout.print(f"       fix: {each.fix}", markup=False)
