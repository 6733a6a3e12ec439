"""What commands print: data on stdout, everything else on stderr, and every error in one place."""

import json
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from rehouse.cli.standard import ReaderGone
from rehouse.components.errors import RehouseError

VERSION = 1  # of the shape of all --json output; docs/reference/json.md

UNFOLDED = 1000  # columns


def _width() -> int | None:
    """Rich would take 80 where there is no terminal, and fold names in a table that a program searches."""
    is_seen = sys.stdout is not None and sys.stdout.isatty()
    return None if is_seen or "COLUMNS" in os.environ else UNFOLDED


stderr = Console(stderr=True, highlight=False, soft_wrap=True)
stdout = Console(highlight=False, soft_wrap=True, width=_width())


def print_json(command: str, **facts: Any) -> None:
    """One object on stdout."""
    _write({"version": VERSION, "command": command, **facts})


def print_line(facts: dict[str, Any]) -> None:
    """One object on one line of stdout. A rollout does not end because nobody reads this any more."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"version": VERSION, "at": at, **facts}, sort_keys=True)
    with suppress(ReaderGone):
        _put(line)


def print_error(error: RehouseError, as_json: bool, as_lines: bool = False) -> None:
    """*where: what*, then the way out, then what is running now."""
    if as_lines:
        print_line({"event": "error", "error": words_of(error)})
        return
    if as_json:
        _write({"version": VERSION, "error": words_of(error)})
        return
    for number, line in enumerate(str(error).splitlines()):
        style = "bold red" if number == 0 else None
        stderr.print(line, style=style, markup=False)


def words_of(error: RehouseError) -> dict[str, Any]:
    words = {"where": error.where, "what": error.what, "fix": error.fix, "state": error.state}
    return {**words, "code": error.exit_code}


def _write(shape: dict[str, Any]) -> None:
    _put(json.dumps(shape, indent=2, sort_keys=True))


def _put(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
