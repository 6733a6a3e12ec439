"""What the configuration of a stack says about secrets and replicas, for a Pulumi program."""

import json

import pulumi
from pulumi.runtime import is_config_secret

from rehouse.components.errors import Wrong
from rehouse.components.sources import Source, how_to_set, read_secrets

KEY = "secrets"
REPLICAS = "replicas"


def secrets_of(config: pulumi.Config) -> dict[str, str | Source]:
    """Name to value or source. Raises Wrong, without the value that is wrong."""
    where = f"Pulumi.{pulumi.get_stack()}.yaml, {KEY}"
    data = _read(config.get(KEY), where)
    return read_secrets(data, where, is_config_secret(config.full_key(KEY)))


def replicas_of(config: pulumi.Config) -> int | None:
    """How many instances, as ``rehouse scale`` left it; None where the spec decides. Raises Wrong."""
    text = config.get(REPLICAS)
    try:
        return None if text is None else int(text)
    except ValueError:
        where = f"Pulumi.{pulumi.get_stack()}.yaml, {REPLICAS}"
        fix = f"rehouse scale NUMBER, or, for what the spec says: pulumi config rm {REPLICAS}"
        raise Wrong(where, f"must be a whole number, not {text!r}", fix) from None


def _read(text: str | None, where: str) -> object:
    """Pulumi's own get_object quotes what it cannot read."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        what = "must be names with values, not one text"
        raise Wrong(where, what, f"pulumi config rm {KEY}; {how_to_set('NAME')}") from None
