"""The configuration disk of a guest: what its first process reads, and then takes out of its slot."""

import base64
import json
from collections.abc import Mapping
from typing import Any

MAGIC = b"REHOUSE1"
_SECTOR = 512


def configuration_disk(config: Mapping[str, Any], secrets: Mapping[str, str]) -> bytes:
    """A raw disk; the keys are those of ``Config`` in ``init/config.go``, which refuses others."""
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in secrets.items()}
    text = json.dumps({**config, "secrets": encoded}, sort_keys=True).encode()
    disk = MAGIC + len(text).to_bytes(8, "big") + text
    return disk + bytes(-len(disk) % _SECTOR)
