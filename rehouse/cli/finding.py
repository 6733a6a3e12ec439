"""One thing that was looked at: well, or what is wrong with it and what to type."""

from collections.abc import Callable
from dataclasses import dataclass

from rehouse.components.errors import RehouseError


@dataclass(frozen=True)
class Finding:
    """*fix* is None where all is well."""

    name: str
    said: str
    fix: str | None = None

    @property
    def well(self) -> bool:
        return self.fix is None


def look(name: str, at: Callable[[], str]) -> Finding:
    """What *at* says, or what it raises: one that cannot be looked at hides none of the others."""
    try:
        return Finding(name, at())
    except Exception as error:  # noqa: BLE001  # what can be wrong with a machine is not for us to list
        return wrong(name, error)


def wrong(name: str, error: Exception) -> Finding:
    if isinstance(error, RehouseError):
        said = error.what if error.where == name else f"{error.where}: {error.what}"
        return Finding(name, " ".join(said.split()), error.fix)
    reason = " ".join(str(error).split()) or type(error).__name__
    return Finding(name, f"cannot be looked at: {reason}", "mend that, then: rehouse doctor")
