"""One need of a rollout that was looked at: met, or what is wrong and what to type."""

from collections.abc import Callable
from dataclasses import dataclass

from rehouse.components.errors import RehouseError


@dataclass(frozen=True)
class Need:
    """*fix* is None where it is met."""

    name: str
    said: str
    fix: str | None = None

    @property
    def met(self) -> bool:
        return self.fix is None


def look(name: str, at: Callable[[], str]) -> Need:
    """What *at* says, or what it raises: one that cannot be looked at hides none of the others."""
    try:
        return Need(name, at())
    except Exception as error:  # noqa: BLE001  # what can be wrong with a machine is not for us to list
        return wrong(name, error)


def wrong(name: str, error: Exception) -> Need:
    if isinstance(error, RehouseError):
        said = error.what if error.where == name else f"{error.where}: {error.what}"
        return Need(name, " ".join(said.split()), error.fix)
    reason = " ".join(str(error).split()) or type(error).__name__
    return Need(name, f"cannot be looked at: {reason}", "mend that, then: rehouse doctor")
