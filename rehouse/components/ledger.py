"""Which generations stand and with what weight, which are remembered, which are quarantined. Pure."""

from typing import Literal, Self

from pydantic import model_validator

from rehouse.components.errors import Refused
from rehouse.components.generation import Generation
from rehouse.components.progress import Percent, Progress
from rehouse.components.spec import Part, Rollout

REMEMBERED = 10

Outcome = Literal["raised", "live", "retired", "aborted", "quarantined"]


class Record(Part):
    """A generation, who raised it, when (ISO 8601, UTC), and what became of it."""

    generation: Generation
    who: str
    when: str
    outcome: Outcome
    alone: int = 0  # with which serial number it last came to have everything; 0: it never did

    @property
    def name(self) -> str:
        return self.generation.name

    def turned(self, outcome: Outcome) -> Self:
        """The same. What is quarantined counts as never having had everything, also once it is released."""
        alone = 0 if outcome == "quarantined" else self.alone
        return self.model_copy(update={"outcome": outcome, "alone": alone})


class Ledger(Part):
    """One service in one stack. Every transition gives a new ledger with the next serial number."""

    serial: int = 0
    standing: dict[str, Percent] = {}  # name to percent of the traffic
    remembered: tuple[Record, ...] = ()  # newest first; the standing ones among them
    quarantined: dict[str, str] = {}  # name to reason
    progress: Progress | None = None
    maintenance: bool = False  # nobody gets traffic: the router answers users itself

    @model_validator(mode="after")
    def consistent(self) -> Self:
        known = {record.name for record in self.remembered}
        assert set(self.standing) <= known, "a standing generation is not remembered"
        assert sum(self.standing.values()) in (0, 100), "the weights do not add up"
        assert not set(self.live) & set(self.quarantined), "a quarantined generation is live"
        if self.progress:
            named = {self.progress.generation, *self.progress.before}
            there = known if self.progress.stops else set(self.standing)
            assert named <= there, "the rollout in progress is about what does not stand"
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
            if record.name in self.standing
        )

    def remembered_as(self, name: str) -> Generation:
        """Raises Refused where it is not."""
        for record in self.remembered:
            if record.name == name:
                return record.generation
        known = ", ".join(record.name for record in self.remembered) or "none"
        raise Refused(name or "rollback", "is not remembered", f"remembered: {known}")

    def instances_of(self, generation: Generation) -> int:
        """How many stand: its replicas, unless they are raised and retired step by step."""
        if self.progress is None:
            return generation.spec.replicas
        if generation.name == self.progress.generation:
            return self.progress.raised()
        return self.progress.kept(generation.spec.replicas)

    def before(self, name: str) -> str | None:
        """What was live when this generation was raised, as far as it is remembered."""
        names = [record.name for record in self.remembered]
        older = self.remembered[names.index(name) + 1 :]
        return next((r.name for r in older if r.outcome in ("live", "retired")), None)

    @property
    def previous(self) -> str | None:
        """What had everything before the present one, as far as it is remembered, and was not quarantined since."""
        if self.progress:
            return next(iter(self.progress.before), None)
        others = [record for record in self.remembered if record.name not in self.live]
        # An earlier version did not write down who was alone: its retired ones come after all others, newest first.
        past = [each for each in others if each.alone or each.outcome == "retired"]
        return max(past, key=lambda record: record.alone).name if past else None

    def deployed(self, generation: Generation, who: str, when: str) -> Self:
        """The whole replacement as one step: raised, shifted, all others retired. Itself, if nothing changes."""
        if self.standing == {generation.name: 100}:
            return self
        return self.raised(generation, who, when)._alone(generation.name)

    def begun(self, generation: Generation, rollout: Rollout, who: str, when: str) -> Self:
        """The first of several steps: it stands beside what is live and has its first share, or waits for its end."""
        before = {name: weight for name, weight in self.standing.items() if weight}
        progress = Progress(
            generation=generation.name,
            replicas=generation.spec.replicas,
            before=before,
            rollout=rollout,
            since=when,
            began=when,
        )
        ledger = self.raised(generation, who, when)._retired_but(generation.name, *before)
        return ledger._in_progress(progress)

    def advanced(self, when: str) -> Self:
        """The next share. Raises Refused where no rollout is in progress, or it has everything already."""
        progress = self._must_progress()
        if progress.bakes:
            raise Refused(
                progress.generation, "has all of the traffic already", "finish it, or abort it"
            )
        return self._in_progress(progress.stepped(when))

    def held(self, held: bool, when: str) -> Self:
        """It waits for a person, or does not any more."""
        return self._next(progress=self._must_progress().holding(held, when))

    def stepped_at(self, when: str) -> Self:
        """The same, its step taken then."""
        if self.progress is None:
            return self
        progress = self.progress.model_copy(update={"since": when})
        return self.model_copy(update={"progress": progress})

    def finished(self) -> Self:
        """The new one has everything, whatever it had before, and the old ones are retired."""
        name = self._must_progress().generation
        return self._next(progress=None)._standing(name)._alone(name)

    def aborted(self, reason: str | None, keep: bool = False) -> Self:
        """Everything is as it was before. With a *reason* the new one is quarantined, and kept if it shall be.

        Without one it is only called off: it may be tried again, or gone back to by its name.
        """
        progress = self._must_progress()
        name, before = progress.generation, progress.before
        back = self._next(progress=None)._standing(*before, name).shifted(before)
        if reason is None:
            return back._without(name, "aborted")
        return back.quarantine(name, reason, keep)

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
        alone = next((record.alone for record in self.remembered if record.name == name), 0)
        record = Record(generation=generation, who=who, when=when, outcome="raised", alone=alone)
        others = tuple(other for other in self.remembered if other.name != name)
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
        self._must_be_idle(name)
        return self._without(name, "quarantined" if name in self.quarantined else "retired")

    def quarantine(self, name: str, reason: str, keep: bool = False) -> Self:
        """It failed, and is never chosen again by itself; gone, unless it is kept, without gate and without server.

        Raises Refused while it gets traffic.
        """
        self._must_be_idle(name)
        quarantined = {**self.quarantined, name: reason}
        marked = self._next(quarantined=quarantined, remembered=self._marked("quarantined", name))
        return marked if keep else marked._without(name, "quarantined")

    def failed(
        self, generation: Generation, reason: str, who: str, when: str, keep: bool = False
    ) -> Self:
        """It did not pass: remembered, and never chosen again by itself. Raises Refused while it gets traffic."""
        known = generation.name in self.quarantined
        free = self.released(generation.name) if known else self
        return free.raised(generation, who, when).quarantine(generation.name, reason, keep)

    def rolled_back(self, name: str, reason: str, who: str, when: str) -> Self:
        """A remembered generation has the traffic again; what it takes over from is quarantined.

        Raises Refused if it is not remembered, is quarantined, or is live already.
        """
        target = self.remembered_as(name)
        if self.live == (name,):
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

    def maintained(self, on: bool) -> Self:
        """The router turns users away, whoever stands, or lets them in again. Itself, where that is so already.

        Raises Refused where nothing was deployed yet.
        """
        if not self.remembered:
            raise Refused("maintenance", "nothing was deployed yet", "rehouse deploy")
        return self if self.maintenance == on else self._next(maintenance=on)

    def _in_progress(self, progress: Progress) -> Self:
        if progress.is_stopped:
            return self._stopped(progress)
        ledger = self._standing(progress.generation).shifted(progress.weights())
        return ledger._next(progress=progress)

    def _stopped(self, progress: Progress) -> Self:
        gone = self._marked("retired", *progress.before)
        return self._next(standing={}, remembered=gone, progress=progress)

    def _alone(self, name: str) -> Self:
        """It has everything, and all others are retired."""
        ledger = self.shifted({name: 100})
        remembered = tuple(
            record.model_copy(update={"alone": ledger.serial}) if record.name == name else record
            for record in ledger.remembered
        )
        return ledger._next(remembered=remembered)._retired_but(name)

    def _standing(self, *names: str) -> Self:
        """They stand, without traffic where they did not."""
        idle = {name: 0 for name in names if name not in self.standing}
        return self._next(standing={**self.standing, **idle}) if idle else self

    def _retired_but(self, *names: str) -> Self:
        ledger = self
        for name in self.standing:
            ledger = ledger if name in names else ledger.retired(name)
        return ledger

    def _must_progress(self) -> Progress:
        if self.progress is None:
            raise Refused("rollout", "none is in progress", "rehouse status shows what is live")
        return self.progress

    def _without(self, name: str, outcome: Outcome, **changes: object) -> Self:
        standing = {other: weight for other, weight in self.standing.items() if other != name}
        remembered = _forget(self._marked(outcome, name), standing)
        return self._next(standing=standing, remembered=remembered, **changes)

    def _marked(self, outcome: Outcome, *names: str) -> tuple[Record, ...]:
        return tuple(
            record.turned(outcome) if record.name in names else record for record in self.remembered
        )

    def _must_be_idle(self, name: str) -> None:
        self._must_stand(name)
        if share := self.standing[name]:
            told = f"still gets {share} % of the traffic"
            raise Refused(name, told, "shift the traffic away first")

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
        if position < REMEMBERED or record.name in standing
    )
