"""With ``pulumi up --debug`` the Pulumi SDK would print all outputs of the stack, secrets in clear: told not to."""

from collections.abc import Callable
from typing import Any

import pulumi

PROPERTIES = ", props="  # what the SDK puts before them, in each of its messages that has any


def hush() -> None:
    """From now on its messages end before the properties. Calling it again does nothing."""
    if not getattr(pulumi.log.debug, "hushed", False):
        setattr(pulumi.log, "debug", _without_properties(pulumi.log.debug))  # noqa: B010


def _without_properties(debug: Callable[..., None]) -> Callable[..., None]:
    def told(message: str, *arguments: Any, **options: Any) -> None:
        debug(message.partition(PROPERTIES)[0], *arguments, **options)

    told.hushed = True  # type: ignore[attr-defined]
    return told
