"""A rollout that takes several updates, and where it stands. Pure."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from rehouse.components.spec import Part, Rollout

Percent = Annotated[int, Field(ge=0, le=100)]


class Progress(Part):
    """Which share of the traffic the new generation has at which step.

    *at* counts the steps that were taken; after the last one it has everything, and the old ones stay warm.
    *since* is when this step began, *began* when the first did, less what a person was waited for. *before* is
    what to go back to.
    """

    generation: str
    replicas: int
    before: dict[str, Percent]
    rollout: Rollout
    at: int = 0
    since: str
    began: str
    held: bool = False  # a person wants it to wait

    @property
    def shares(self) -> tuple[int, ...]:
        """Percent of the traffic at each step before everything."""
        return self.rollout.shares(self.replicas)

    @property
    def share(self) -> int:
        """Percent of the traffic that the new generation gets at this step."""
        return 100 if self.bakes else self.shares[self.at]

    @property
    def bakes(self) -> bool:
        """It has everything already."""
        return self.at >= len(self.shares)

    @property
    def is_last(self) -> bool:
        """The next step gives it everything, and nothing is kept warm then."""
        return self.bakes or (self.at == len(self.shares) - 1 and not self.rollout.bake)

    @property
    def stops(self) -> bool:
        """The old ones go before the new one comes."""
        return self.rollout.strategy == "recreate"

    @property
    def is_stopped(self) -> bool:
        """The old ones are gone, and the new one is not raised yet."""
        return self.stops and self.at == 0

    @property
    def waits(self) -> bool:
        """Only a person takes the next step."""
        return self.held or (self.rollout.pause is None and not self.bakes)

    @property
    def length(self) -> float:
        """Seconds that this step lasts, where no person is waited for."""
        return self.rollout.bake if self.bakes else self.rollout.pause or 0.0

    def time_left(self, when: str) -> float:
        """Seconds until the whole rollout has taken too long."""
        taken = datetime.fromisoformat(when) - self._began(when)
        return max(0.0, self.rollout.deadline - taken.total_seconds())

    def weights(self) -> dict[str, int]:
        """The rest goes to those that were live before, as they shared it then; who gets none is not named."""
        rest = 100 - self.share
        shared = {name: rest * weight // 100 for name, weight in self.before.items()}
        first = next(iter(shared), None)
        if first:
            shared[first] += rest - sum(shared.values())
        weights = {**shared, self.generation: self.share}
        return {name: weight for name, weight in weights.items() if weight}

    def raised(self) -> int:
        """How many instances of the new generation stand at this step."""
        if self.rollout.strategy != "rolling":
            return self.replicas
        return min(self.replicas, self.rollout.surge * (self.at + 1))

    def kept(self, replicas: int) -> int:
        """How many of so many instances of an old generation stand: at least one, as long as there is a way back."""
        if self.rollout.strategy != "rolling":
            return replicas
        return max(1, replicas - replicas * self.raised() // self.replicas)

    def stepped(self, when: str) -> Self:
        return self._from(when, at=self.at + 1, held=False)

    def holding(self, held: bool, when: str) -> Self:
        return self._from(when, held=held)

    def _from(self, when: str, **changes: object) -> Self:
        began = self._began(when).isoformat()
        return self.model_copy(update={"since": when, "began": began, **changes})

    def _began(self, when: str) -> datetime:
        """As it counts for the deadline: less what a person was waited for till then."""
        began = datetime.fromisoformat(self.began)
        if not self.waits:
            return began
        return began + (datetime.fromisoformat(when) - datetime.fromisoformat(self.since))
