"""One moment of a rollout in several updates, as it was looked at: what is decided, is decided on this ledger."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Self

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.rollout.undo import as_it_is, finish, raise_contested, raise_stopped
from rehouse.cli.rollout.updates import (
    STAYS,
    Done,
    Engine,
    Interrupted,
    Result,
    chosen,
    done,
    failure_of,
    foreseen,
    reason_of,
)
from rehouse.components.errors import Contested, NotUndone, RehouseError
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order

Kind = Literal["advance", "hold", "release", "finish", "abort"]

STEPS = ("advance", "finish")  # what else is done takes no time of the rollout's

# Each says already what stands, or is about what somebody else does.
FINAL = (Interrupted, Contested, NotUndone)


@dataclass(frozen=True)
class Moment:
    """A service and its ledger at one moment."""

    engine: Engine
    service: str | None
    ledger: Ledger
    on_event: OnEvent | None = None

    @classmethod
    def now(cls, engine: Engine, service: str | None, on_event: OnEvent | None) -> Self:
        name, ledger = chosen(engine.ledgers(), service)
        return cls(engine, name, ledger, on_event)

    @property
    def next(self) -> Kind:
        """Its next step by itself."""
        progress = self.ledger.progress
        return "finish" if progress and progress.is_last else "advance"

    @property
    def generation(self) -> str:
        """The one that is on its way."""
        return self.ledger.progress.generation if self.ledger.progress else "rollout"

    @property
    def time_left(self) -> float | None:
        """Seconds until the whole rollout has taken too long."""
        progress = self.ledger.progress
        return progress.time_left(_now().isoformat()) if progress else None

    @property
    def live(self) -> str:
        return ", ".join(self.ledger.live) or "nothing"

    def must_allow(self, kind: Kind) -> None:
        """Raises Refused where there is nothing to decide."""
        foreseen(self.ledger, self._order(kind))

    def take(self, kind: Kind, reason: str | None = None, keep: bool = False) -> Done:
        """One update. Raises what went wrong: the ledger is then as it was, and what stands may not be."""
        order = self._order(kind, reason, keep)
        result = self.engine.up(order, self.on_event, self.time_left if kind in STEPS else None)
        if result.well:
            return done(result, self.service, self.ledger)
        raise_contested(result)
        _, now = chosen(self.engine.ledgers(), self.service)
        raise_stopped(result, self.live, STAYS)
        if now.serial != self.ledger.serial:
            return finish(self.engine, self.service, now, self.ledger, self.on_event)
        if result.interrupted:
            self.restore(result)
        raise failure_of(result, STAYS, f"{self.live} is live")

    def restore(self, failed: Result | RehouseError) -> None:
        """What the ledger of this moment declares stands again, after a step that failed. Raises NotUndone."""
        again = self.engine.up(as_it_is(self.ledger, self.service), self.on_event)
        if not again.well:
            reason = failed.what if isinstance(failed, RehouseError) else reason_of(failed)
            raise self._not_undone(f"{reason}\nand the step before could not be restored", again)

    def undo(self, reason: str | None, keep: bool, cause: str | None = None) -> Done:
        """What was live before is live again. Raises NotUndone, with the *cause* why it should be, or the reason."""
        try:
            return self.take("abort", reason, keep)
        except FINAL:
            raise
        except RehouseError as error:
            if self.ledger.progress is None:
                raise
            what = f"{cause or reason or 'the rollout'}\ncould not be undone"
            raise self._not_undone(what, error) from error

    def _order(self, kind: Kind, reason: str | None = None, keep: bool = False) -> Order:
        serial = self.ledger.serial
        return Order(kind=kind, serial=serial, service=self.service, reason=reason, keep=keep)

    def _not_undone(self, what: str, why: Result | RehouseError) -> NotUndone:
        told = why.what if isinstance(why, RehouseError) else reason_of(why)
        fix = "mend that, then: rehouse abort"
        return NotUndone(self.generation, f"{what}: {told}", fix, f"{self.live} is live")


def seconds_since(when: str) -> float:
    return (_now() - datetime.fromisoformat(when)).total_seconds()


def _now() -> datetime:
    return datetime.now(UTC)
