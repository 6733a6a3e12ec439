"""Dynamic resources that are made once: whatever changes later belongs to another generation."""

from typing import Any

from pulumi.dynamic import DiffResult, ResourceProvider


class CreateOnly(ResourceProvider):
    """Nothing of it is ever updated or replaced."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=False)
