"""Which generations stand and with what weight, which are remembered, which are quarantined. Pure."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rehouse.components.errors import Refused
from rehouse.components.generation import Generation
from rehouse.components.spec import Part

REMEMBERED = 10

Percent = Annotated[int, Field(ge=0, le=100)]
Outcome = Literal["raised", "live", "retired", "quarantined"]


class Record(Part):
    """A generation, who raised it, when (ISO 8601, UTC), and what became of it."""

    generation: Generation
    who: str
    when: str
    outcome: Outcome


class Progress(Part):
    """A rollout that takes several updates: which share of the traffic the new generation gets, step by step.

    *at* counts the steps that were taken; after the last of *steps* it has everything, and the old ones stay
    warm. *since* is when this step began. *before* is what to go back to.
    """

    generation: str
    before: dict[str, Percent]
    steps: tuple[Percent, ...]
    at: int = 0
    since: str
    began: str
    held: bool = False  # a person wants it to wait

    @property
    def share(self) -> int:
        """Percent of the traffic that the new generation gets at this step."""
        return self.steps[self.at] if self.at < len(self.steps) else 100

    @property
    def bakes(self) -> bool:
        """It has everything already."""
        return self.at >= len(self.steps)

    def weights(self) -> dict[str, int]:
        """The rest goes to those that were live before, as they shared it then."""
        rest = 100 - self.share
        shared = {name: rest * weight // 100 for name, weight in self.before.items()}
        first = next(iter(shared), None)
        if first:
            shared[first] += rest - sum(shared.values())
        return {**shared, self.generation: self.share}


class Ledger(Part):
    """One service in one stack. Every transition gives a new ledger with the next serial number."""

    serial: int = 0
    standing: dict[str, Percent] = {}  # name to percent of the traffic
    remembered: tuple[Record, ...] = ()  # newest first; the standing ones among them
    quarantined: dict[str, str] = {}  # name to reason
    progress: Progress | None = None

    @model_validator(mode="after")
    def consistent(self) -> Self:
        known = {record.generation.name for record in self.remembered}
        assert set(self.standing) <= known, "a standing generation is not remembered"
        assert sum(self.standing.values()) in (0, 100), "the weights do not add up"
        assert not set(self.standing) & set(self.quarantined), "a quarantined generation stands"
        if self.progress:
            named = {self.progress.generation, *self.progress.before}
            assert named <= set(self.standing), (
                "the rollout in progress is about what does not stand"
            )
        return self

    @property
    def live(self) -> tuple[str, ...]:
        """The generations that get traffic."""
        return tuple(name for name, weight in self.standing.items() if weight)

    def standing_generations(self) -> tuple[Generation, ...]:
        """Oldest first, the order in which they were raised."""
        return tuple(
            record.generation
            for record in reversed(self.remembered)
            if record.generation.name in self.standing
        )

    def before(self, name: str) -> str | None:
        """What was live when this generation was raised, as far as it is remembered."""
        names = [record.generation.name for record in self.remembered]
        older = self.remembered[names.index(name) + 1 :]
        return next((r.generation.name for r in older if r.outcome in ("live", "retired")), None)

    def deployed(self, generation: Generation, who: str, when: str) -> Self:
        """The whole replacement as one step: raised, shifted, all others retired. Itself, if nothing changes."""
        if self.standing == {generation.name: 100}:
            return self
        ledger = self.raised(generation, who, when).shifted({generation.name: 100})
        for name in self.standing:
            if name != generation.name:
                ledger = ledger.retired(name)
        return ledger

    def begun(self, generation: Generation, steps: tuple[int, ...], who: str, when: str) -> Self:
        """The first step of a rollout in several: it stands beside what is live, and has its first share."""
        before = {name: weight for name, weight in self.standing.items() if weight}
        progress = Progress(
            generation=generation.name, before=before, steps=steps, since=when, began=when
        )
        return self.raised(generation, who, when)._in_progress(progress)

    def advanced(self, when: str) -> Self:
        """The next share. Raises Refused where no rollout is in progress, or it has everything already."""
        progress = self._must_progress()
        if progress.bakes:
            raise Refused(
                progress.generation, "has all of the traffic already", "finish it, or abort it"
            )
        changes = {"at": progress.at + 1, "since": when, "held": False}
        return self._in_progress(progress.model_copy(update=changes))

    def held(self, held: bool, when: str) -> Self:
        """It waits for a person, or does not any more."""
        progress = self._must_progress()
        return self._next(progress=progress.model_copy(update={"held": held, "since": when}))

    def finished(self) -> Self:
        """The old ones are retired. Raises Refused while they still get traffic."""
        progress = self._must_progress()
        ledger = self._next(progress=None)
        for name in progress.before:
            ledger = ledger.retired(name)
        return ledger

    def aborted(self, reason: str) -> Self:
        """Everything is as it was before, and the new one is quarantined."""
        progress = self._must_progress()
        back = self._next(progress=None).shifted(progress.before)
        return back.quarantine(progress.generation, reason)

    def raised(self, generation: Generation, who: str, when: str) -> Self:
        """It stands, without traffic yet. Raises Refused if it is quarantined."""
        name = generation.name
        if name in self.quarantined:
            raise Refused(
                name,
                f"is quarantined: {self.quarantined[name]}",
                "change the spec, or: rehouse deploy --force",
            )
        if name in self.standing:
            return self
        record = Record(generation=generation, who=who, when=when, outcome="raised")
        others = tuple(other for other in self.remembered if other.generation.name != name)
        standing = {**self.standing, name: 0}
        return self._next(standing=standing, remembered=_forget((record, *others), standing))

    def shifted(self, weights: dict[str, int]) -> Self:
        """The traffic goes as *weights* say, in percent; who is not named gets none.

        Raises Refused if they do not add up to 100, or to 0 for no traffic at all.
        """
        self._must_stand(*weights)
        if sum(weights.values()) not in (0, 100) or min(weights.values(), default=0) < 0:
            told = ", ".join(f"{name} {weight}" for name, weight in weights.items())
            raise Refused("weights", f"do not add up to 100: {told}", "give shares of 100 percent")
        standing = {name: weights.get(name, 0) for name in self.standing}
        live = [name for name, weight in standing.items() if weight]
        return self._next(standing=standing, remembered=self._marked("live", *live))

    def retired(self, name: str) -> Self:
        """It is gone, and remembered. Raises Refused while it gets traffic."""
        self._must_stand(name)
        if self.standing[name]:
            raise Refused(
                name,
                f"still gets {self.standing[name]} % of the traffic",
                "shift the traffic away first",
            )
        return self._without(name, "retired")

    def quarantine(self, name: str, reason: str) -> Self:
        """It failed: gone, and never chosen again by itself. Raises Refused while it gets traffic."""
        self._must_stand(name)
        if self.standing[name]:
            raise Refused(
                name,
                f"still gets {self.standing[name]} % of the traffic",
                "shift the traffic away first",
            )
        return self._without(name, "quarantined", quarantined={**self.quarantined, name: reason})

    def failed(self, generation: Generation, reason: str, who: str, when: str) -> Self:
        """It did not pass: remembered, and never chosen again by itself. Raises Refused while it gets traffic."""
        return self.raised(generation, who, when).quarantine(generation.name, reason)

    def rolled_back(self, name: str, reason: str, who: str, when: str) -> Self:
        """A remembered generation has the traffic again; what it takes over from is quarantined.

        Raises Refused if it is not remembered, is quarantined, or is live already.
        """
        target = self._remembered(name)
        if self.standing == {name: 100}:
            raise Refused(name, "is live already", "choose another: rehouse history")
        left = {other: reason for other in self.live if other != name}
        ledger = self.deployed(target, who, when)
        return ledger._next(
            quarantined={**ledger.quarantined, **left},
            remembered=ledger._marked("quarantined", *left),
        )

    def released(self, name: str) -> Self:
        """It may be raised again. Raises Refused if it is not quarantined."""
        if name not in self.quarantined:
            known = ", ".join(self.quarantined) or "none"
            raise Refused(name, "is not quarantined", f"quarantined: {known}")
        left = {other: reason for other, reason in self.quarantined.items() if other != name}
        return self._next(quarantined=left)

    def _in_progress(self, progress: Progress) -> Self:
        return self.shifted(progress.weights())._next(progress=progress)

    def _must_progress(self) -> Progress:
        if self.progress is None:
            raise Refused("rollout", "none is in progress", "rehouse status shows what is live")
        return self.progress

    def _remembered(self, name: str) -> Generation:
        for record in self.remembered:
            if record.generation.name == name:
                return record.generation
        known = ", ".join(record.generation.name for record in self.remembered) or "none"
        raise Refused(name or "rollback", "is not remembered", f"remembered: {known}")

    def _without(self, name: str, outcome: Outcome, **changes: object) -> Self:
        standing = {other: weight for other, weight in self.standing.items() if other != name}
        remembered = _forget(self._marked(outcome, name), standing)
        return self._next(standing=standing, remembered=remembered, **changes)

    def _marked(self, outcome: Outcome, *names: str) -> tuple[Record, ...]:
        return tuple(
            record.model_copy(update={"outcome": outcome})
            if record.generation.name in names
            else record
            for record in self.remembered
        )

    def _must_stand(self, *names: str) -> None:
        for name in names:
            if name not in self.standing:
                raise Refused(
                    name, "does not stand", f"standing: {', '.join(self.standing) or 'none'}"
                )

    def _next(self, **changes: object) -> Self:
        return type(self).model_validate({**dict(self), **changes, "serial": self.serial + 1})


def _forget(records: tuple[Record, ...], standing: dict[str, int]) -> tuple[Record, ...]:
    """The newest, and whatever stands, however old."""
    return tuple(
        record
        for position, record in enumerate(records)
        if position < REMEMBERED or record.generation.name in standing
    )
