"""Which secrets a stack's configuration file has in clear: the engine itself tells only whether any is encrypted."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

KEY = "secrets"


def names_in_clear(file: Path, project: str) -> set[str]:
    """None where there is no such file."""
    from ruamel.yaml import YAML  # large, and not every command reads a file

    written = (YAML(typ="safe").load(file) if file.is_file() else None) or {}
    entries = _object((written.get("config") or {}).get(f"{project}:{KEY}"))
    return {name for name, each in entries.items() if isinstance(each, str)}


def _object(entries: object) -> dict[str, Any]:
    """It may be kept as a text in JSON, or be encrypted as a whole: then {secure: …}, as the engine writes it."""
    if isinstance(entries, str):
        with suppress(ValueError):
            entries = json.loads(entries)
    known = isinstance(entries, dict) and set(entries) != {"secure"}
    return dict(entries) if known and isinstance(entries, dict) else {}
