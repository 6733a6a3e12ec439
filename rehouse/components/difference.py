"""What differs between two generations, key by key. Pure; no value of a secret is ever part of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rehouse.components.generation import Generation

What = Literal["added", "removed", "changed"]

SECRETS = "secrets."


@dataclass(frozen=True)
class Change:
    """One key, dotted as in the spec, and its values as the spec writes them; None where it is not there.

    A secret is ``secrets.NAME``, and both its values are None.
    """

    key: str
    what: What
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        """As a person reads it."""
        if self.key.startswith(SECRETS):
            return f"secret {self.key.removeprefix(SECRETS)} {self.what}"
        if self.what == "changed":
            return f"{self.key}: {_written(self.before)} → {_written(self.after)}"
        return (
            f"{self.key} {self.what}: {_written(self.before if self.after is None else self.after)}"
        )


def changes(before: Generation, after: Generation) -> tuple[Change, ...]:
    """All that makes two names of them, and what the spec says besides: how its image is called, router, rollout."""
    old, new = _facts(before), _facts(after)
    plain = [Change(key, what, old.get(key), new.get(key)) for key, what in _differing(old, new)]
    hidden = _differing(before.secrets, after.secrets)
    return (*plain, *(Change(f"{SECRETS}{name}", what) for name, what in hidden))


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, What]]:
    return [
        (key, "added" if key not in before else "changed" if key in after else "removed")
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    ]


def _facts(generation: Generation) -> dict[str, Any]:
    """Dotted key to value, without what is not given."""
    spec = _flat(generation.spec.model_dump(mode="json", exclude={"secrets"}))
    return {
        **{key: value for key, value in spec.items() if value is not None},
        "pinned": generation.image,
        "target": generation.target,
        "daemons": [f"{each.name} {each.url}" for each in generation.daemons],
        "template": generation.template,
    }


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        inside = isinstance(value, dict)
        found |= _flat(value, f"{above}{key}.") if inside else {f"{above}{key}": value}
    return found


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
