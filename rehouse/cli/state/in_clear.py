"""Secrets in clear in the configuration of a stack: each update would keep them in the history of the state."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rehouse.components.sources import is_in_clear

KEY = ":secrets"


def must_not_be_recorded(folder: Path, stack_name: Callable[[], str]) -> None:
    """Raises Wrong. Which stack it is, is asked only where a file has such a key: that takes a process."""
    files = [each for each in folder.glob("Pulumi.*.yaml") if KEY in each.read_text()]
    if files:
        name = stack_name().rpartition("/")[2]
        _must_be_encrypted(folder / f"Pulumi.{name}.yaml")


def _must_be_encrypted(file: Path) -> None:
    for name, value in _secrets(file).items():
        if isinstance(value, str):
            raise is_in_clear(name, f"{file.name}, secrets.{name}")


def _secrets(file: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML  # large, and most stacks have none

    config = (YAML(typ="safe").load(file) or {}).get("config") if file.is_file() else None
    entries = [value for key, value in (config or {}).items() if key.endswith(KEY)]
    return {
        name: value for each in entries if isinstance(each, dict) for name, value in each.items()
    }
