"""What went wrong, where, and the way out."""

from typing import Self


class RehouseError(Exception):
    """*where: what*, then ``fix:`` what to change or run, then ``state:`` what is running now.

    ``exit_code`` is what a command ends with when this error ends it.
    """

    exit_code = 1

    def __init__(self, where: str, what: str, fix: str, state: str | None = None) -> None:
        self.where, self.what, self.fix, self.state = where, what, fix, state
        super().__init__(f"{where}: {what}\nfix: {fix}" + (f"\nstate: {state}" if state else ""))

    def with_state(self, state: str) -> Self:
        """The same, with what is running now where it did not say so."""
        return self if self.state else type(self)(self.where, self.what, self.fix, state)


class Wrong(RehouseError):
    """The spec, the site or the usage is wrong; nothing was touched."""

    exit_code = 2


class GateFailed(RehouseError):
    """A new generation was not proven healthy; the old one is live."""

    exit_code = 10


class Undone(RehouseError):
    """The rollout failed and was undone; the old generation is live."""

    exit_code = 10


class NotUndone(RehouseError):
    """The rollout failed, and so did the undo: a person is needed."""

    exit_code = 11


class Contested(RehouseError):
    """Somebody else holds the stack, or has changed it meanwhile."""

    exit_code = 12


class OutOfReach(RehouseError):
    """Something needed does not answer: Docker, a registry, the router."""

    exit_code = 13


class Refused(RehouseError):
    """It could be done, and must not be."""

    exit_code = 14


class Stopped(RehouseError):
    """It was asked to end before it was known how it would."""

    exit_code = 130


_KINDS: dict[int, type[RehouseError]] = {
    kind.exit_code: kind
    for kind in (Wrong, GateFailed, NotUndone, Contested, OutOfReach, Refused, Stopped)
}


def kind_of(exit_code: int) -> type[RehouseError]:
    """What an error is called that ends with this; for one that comes from another process."""
    return _KINDS.get(exit_code, RehouseError)
