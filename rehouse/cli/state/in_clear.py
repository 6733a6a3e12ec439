"""Secrets in clear in the configuration of a stack: each update would keep them in the history of the state."""

from collections.abc import Callable
from pathlib import Path

from rehouse.cli.project import project_name
from rehouse.cli.state.settings import not_yaml, settings_of_stack
from rehouse.components.in_clear import KEY, names_in_clear
from rehouse.components.sources import is_in_clear


def must_not_be_recorded(folder: Path, stack_name: Callable[[], str]) -> None:
    """Raises Wrong. Which stack it is, is asked only where a file has such a key: that takes a process."""
    if not any(f":{KEY}".encode() in each.read_bytes() for each in folder.glob("Pulumi.*.yaml")):
        return
    name = stack_name()
    if wrong := not_yaml(folder, name):
        raise wrong
    file = settings_of_stack(folder, name)
    if names := names_in_clear(file, project_name(folder)):
        raise is_in_clear(min(names), f"{file.name}, {KEY}.{min(names)}")
