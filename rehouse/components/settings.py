"""What the configuration of a stack says about secrets and replicas, for a Pulumi program."""

import json
from collections.abc import Container
from pathlib import Path

import pulumi
from pulumi.runtime import is_config_secret

from rehouse.components.errors import Wrong
from rehouse.components.in_clear import KEY, names_in_clear
from rehouse.components.sources import Source, how_to_set, read_secrets

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
    """Where nothing of it is encrypted, everything is in clear; else the file of the stack says which."""
    if not is_config_secret(config.full_key(KEY)):
        return data if isinstance(data, dict) else ()
    file = _file_of_the_stack()
    return names_in_clear(file, config.name) if file else ()


def _file_of_the_stack() -> Path | None:
    """At its usual place: beside Pulumi.yaml, here or in a folder above."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder / f"Pulumi.{pulumi.get_stack()}.yaml"
    return None


def _read(text: str | None, where: str) -> object:
    """Pulumi's own get_object quotes what it cannot read."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        what = "must be names with values, not one text"
        raise Wrong(where, what, f"pulumi config rm {KEY}; {how_to_set('NAME')}") from None
