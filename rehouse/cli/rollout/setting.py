"""A key of the stack's configuration that a rollout sets: kept only where the rollout came to something."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rehouse.cli.output import stderr
from rehouse.cli.rollout.updates import known_or_new
from rehouse.cli.signals import SIGNALS
from rehouse.components.errors import RehouseError
from rehouse.components.ledger import Ledger


class Engine(Protocol):
    """As much of the engine as this needs."""

    def ledgers(self) -> dict[str, Ledger]: ...
    def label(self) -> str: ...
    def config(self) -> dict[str, Any]: ...
    def set_config(self, key: str, value: str | None) -> None: ...


@contextmanager
def setting(engine: Engine, service: str | None, key: str, value: str | None) -> Iterator[None]:
    """The program reads *value*, from now on; None leaves the key as it is.

    What goes wrong inside puts back what was set before, unless something else is live or in progress by then:
    so a plain update has nothing to do in either case. A command that is killed leaves the key set, and the next
    deploy finishes what it began.
    """
    if value is None:
        yield
        return
    project = engine.label().partition("/")[0]
    before, old = _concerned(engine, service), engine.config().get(f"{project}:{key}")
    try:
        engine.set_config(key, value)  # one that is interrupted may have set it all the same
        yield
    except BaseException:  # a signal, too
        with SIGNALS.held():
            _put_back(engine, service, before, key, old)
        raise


def _put_back(
    engine: Engine, service: str | None, before: set[str], key: str, old: str | None
) -> None:
    """What is being said is the first error; this one comes beside it."""
    try:
        if _concerned(engine, service) == before:
            engine.set_config(key, old)
    except RehouseError as error:
        told = f"configuration key {key} could not be put back to {old}: {error.what}"
        stderr.print(told, markup=False)


def _concerned(engine: Engine, service: str | None) -> set[str]:
    """The generations that have traffic, or are about to."""
    _, ledger = known_or_new(engine.ledgers(), service)
    return {*ledger.live, *([ledger.progress.generation] if ledger.progress else [])}
