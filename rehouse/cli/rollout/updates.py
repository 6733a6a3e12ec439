"""One update after another: what the commands see of the engine, and what they say when it is over."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.rollout.guard import must_not_patch
from rehouse.components.errors import OutOfReach, RehouseError, Wrong
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order, next_ledger
from rehouse.components.progress import Progress

AGAIN = "run it again"
STAYS = "rehouse resume goes on with it, rehouse abort undoes it"


class Result(Protocol):
    """How one update or preview ended."""

    @property
    def well(self) -> bool: ...
    @property
    def interrupted(self) -> int: ...
    @property
    def hurried(self) -> bool: ...
    @property
    def begun(self) -> bool: ...
    @property
    def touched(self) -> bool: ...
    def error(self) -> RehouseError | None: ...
    def facts(self, service: str | None = None) -> dict[str, Any]: ...
    def told(self) -> list[dict[str, Any]]: ...
    def said(self) -> str: ...
    def patches(self) -> list[tuple[str, list[str]]]: ...


AnyResult_co = TypeVar("AnyResult_co", bound=Result, covariant=True)


class Previewing(Protocol[AnyResult_co]):
    """Shows what an update would do."""

    def preview(self, wanted: Order | None = None) -> AnyResult_co: ...


class Engine(Protocol):
    """As much of the engine as a rollout needs."""

    def ledgers(self) -> dict[str, Ledger]: ...
    def preview(self, wanted: Order | None = None) -> Result: ...
    def up(
        self,
        wanted: Order | None = None,
        on_event: OnEvent | None = None,
        seconds: float | None = None,
    ) -> Result:
        """One update, which is ended after so many seconds."""


@dataclass(frozen=True)
class Done:
    """What was live before, and what is live now."""

    service: str | None
    before: tuple[str, ...]
    live: tuple[str, ...]
    standing: dict[str, int] = field(default_factory=dict)
    progress: Progress | None = None  # where it takes further updates
    maintenance: bool = False
    cleared: bool = False  # what was left over is gone, or what was gone stands again

    @property
    def changed(self) -> bool:
        return self.before != self.live


class Interrupted(RehouseError):
    """A signal came; what stands is said."""

    def __init__(self, number: int, what: str, fix: str, state: str) -> None:
        super().__init__("rollout", what, fix, state)
        self.exit_code = 128 + number


def chosen(ledgers: dict[str, Ledger], service: str | None) -> tuple[str | None, Ledger]:
    """The service that is meant, and its ledger; an empty one where nothing was deployed yet."""
    if service in ledgers:
        return service, ledgers[service]
    known = ", ".join(ledgers)
    if service and ledgers:
        raise Wrong(f"service {service}", "is not in this stack", f"known: {known}")
    if len(ledgers) > 1:
        raise Wrong("service", f"this stack has several: {known}", "name one of them")
    return next(iter(ledgers.items()), (service, Ledger()))


def known_or_new(ledgers: dict[str, Ledger], service: str | None) -> tuple[str | None, Ledger]:
    """As chosen, but also of one that was never deployed: whether there is one, only the program can say."""
    return (service, Ledger()) if service and service not in ledgers else chosen(ledgers, service)


def foreseen(ledger: Ledger, order: Order) -> Ledger:
    """The ledger after an order that needs no spec, and so no preview. Raises what stands in its way."""
    try:
        return next_ledger(ledger, None, order, who="", when=datetime.now(UTC).isoformat())
    except RehouseError as error:
        live = ", ".join(ledger.live) or "nothing"
        raise error.with_state(f"nothing has changed; {live} is live") from None


def previewed(engine: Previewing[AnyResult_co], order: Order) -> AnyResult_co:
    """What the update would do. Raises what stands in its way, before anything is touched."""
    preview = engine.preview(order)
    if not preview.well:
        raise failure_of(preview, AGAIN, "nothing has changed")
    must_not_patch(preview.patches())
    return preview


def done(result: Result, service: str | None, before: Ledger) -> Done:
    """What stands after an update that went well: what its program declared, so nobody need be asked."""
    told = result.facts(service)
    progress = told.get("progress")
    return Done(
        service=told.get("service", service),
        before=before.live,
        live=tuple(told.get("live", ())),
        standing=told.get("standing", {}),
        progress=Progress.model_validate_json(json.dumps(progress)) if progress else None,
        maintenance=told.get("maintenance", False),
        cleared=result.touched,
    )


def as_it_stands(service: str | None, before: Ledger, now: Ledger) -> Done:
    return Done(service, before.live, now.live, now.standing, now.progress, now.maintenance)


def reason_of(result: Result) -> str:
    error = result.error()
    return error.what if error else result.said()


def failure_of(result: Result, fix: str, state: str) -> RehouseError:
    """What went wrong, in our words where we have some; *state* is what is running now."""
    if result.interrupted:
        return Interrupted(result.interrupted, "was interrupted", fix, state)
    error = result.error() or OutOfReach("engine", result.said(), f"mend that, then: {fix}")
    return error.with_state(state)
