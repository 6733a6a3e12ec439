"""What the configuration of a stack says about secrets and replicas, for a Pulumi program."""

import json
from collections.abc import Container
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import is_config_secret
from ruamel.yaml import YAML

from rehouse.components.errors import Wrong
from rehouse.components.sources import Source, how_to_set, read_secrets

KEY = "secrets"
REPLICAS = "replicas"


def secrets_of(config: pulumi.Config) -> dict[str, str | Source]:
    """Name to value or source. Raises Wrong, without the value that is wrong."""
    where = f"Pulumi.{pulumi.get_stack()}.yaml, {KEY}"
    data = _read(config.get(KEY), where)
    return read_secrets(data, where, _in_clear(config, data))


def replicas_of(config: pulumi.Config) -> int | None:
    """How many instances, as ``rehouse scale`` left it; None where the spec decides. Raises Wrong."""
    text = config.get(REPLICAS)
    try:
        return None if text is None else int(text)
    except ValueError:
        where = f"Pulumi.{pulumi.get_stack()}.yaml, {REPLICAS}"
        fix = f"rehouse scale NUMBER, or, for what the spec says: pulumi config rm {REPLICAS}"
        raise Wrong(where, f"must be a whole number, not {text!r}", fix) from None


def _in_clear(config: pulumi.Config, data: object) -> Container[str]:
    """The engine tells only whether any of them is encrypted; the file of the stack says which."""
    key = config.full_key(KEY)
    if not is_config_secret(key):
        return data if isinstance(data, dict) else ()
    entries = (_written().get("config") or {}).get(key)
    entries = entries if isinstance(entries, dict) else {}
    return {name for name, each in entries.items() if isinstance(each, str)}


def _written() -> dict[str, Any]:
    """That file, where it is at its usual place: beside Pulumi.yaml, here or in a folder above."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "Pulumi.yaml").is_file():
            file = folder / f"Pulumi.{pulumi.get_stack()}.yaml"
            return YAML(typ="safe").load(file) or {} if file.is_file() else {}
    return {}


def _read(text: str | None, where: str) -> object:
    """Pulumi's own get_object quotes what it cannot read."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        what = "must be names with values, not one text"
        raise Wrong(where, what, f"pulumi config rm {KEY}; {how_to_set('NAME')}") from None
