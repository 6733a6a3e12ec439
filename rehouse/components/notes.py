"""What an update tells the command that runs it: facts and errors in a file; and that it is asked to end.

Program and providers are processes of their own, started by the engine; the environment is what they share.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rehouse.components.errors import RehouseError

VARIABLE = "REHOUSE_NOTES"


def note(kind: str, **facts: Any) -> None:
    """One line of JSON; nothing where nobody asked for it. No secret may be among the facts."""
    if not (path := os.environ.get(VARIABLE)):
        return
    line = json.dumps({"kind": kind, **facts}) + "\n"
    # One write in append mode: several processes write to it.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def ask_to_end(path: Path) -> None:
    """For what waits inside the update: the engine waits for it, and does not tell it."""
    _request(path).touch()


def is_asked_to_end() -> bool:
    """Whether the command that runs the update was interrupted, or has no more time for it."""
    path = os.environ.get(VARIABLE)
    return path is not None and _request(Path(path)).exists()


def _request(path: Path) -> Path:
    return path.with_name("end")


def deadline(path: Path) -> float | None:
    """Seconds that what is deployed may take; None where it is not known yet, or something else is done."""
    told = [each.get("deadline") for each in read_notes(path) if each["kind"] == "generation"]
    return max((each for each in told if each), default=None)


def read_notes(path: Path) -> list[dict[str, Any]]:
    """Those that are written whole."""
    return objects(path.read_bytes()) if path.exists() else []


def objects(text: bytes) -> list[dict[str, Any]]:
    """One for each whole line; without a line that a full disk has torn: whoever reads on can still undo."""
    found = [_object(line) for line in text.split(b"\n")[:-1]]
    return [each for each in found if each is not None]


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line.decode(errors="replace"))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@contextmanager
def errors_noted() -> Iterator[None]:
    """Also a decorator, for what the engine calls: of an error that passes it keeps but the text."""
    try:
        yield
    except RehouseError as error:
        note(
            "error",
            where=error.where,
            what=error.what,
            fix=error.fix,
            state=error.state,
            code=error.exit_code,
        )
        raise
