"""Whatever is deployed, taken back, killed, pulled out and repaired, in any order: what must stay true stays true."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rehouse.cli.rollout.deploy import deploy, rollback
from rehouse.cli.rollout.stages import abort, advance, decide, follow
from rehouse.components.errors import NotUndone, Refused, RehouseError, Undone
from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order
from tests.unit.fake_engine import (
    POINTS,
    FakeEngine,
    Killed,
    declared,
    generation_of,
    killed,
    out_of_reach,
    servers,
)
from tests.unit.makers import generation, spec

ROLLOUTS: tuple[dict[str, Any], ...] = (
    {},
    {"bake": "10m"},
    {"strategy": "canary"},
    {"strategy": "canary", "pause": "promote", "bake": "1h"},
    {"strategy": "rolling"},
    {"strategy": "rolling", "surge": 2, "pause": "promote"},
    {"strategy": "recreate"},
    {"strategy": "recreate", "pause": "promote"},
)
POOL = [
    generation(spec=spec(env={"N": str(number)}, replicas=1 + number % 4, rollout=rollout))
    for number, rollout in enumerate(ROLLOUTS * 2)
]
points = st.sampled_from(POINTS)
times = st.integers(0, 5)
pool = st.integers(0, len(POOL) - 1).map(POOL.__getitem__)


class Operations(RuleBasedStateMachine):
    """One service, its operators, and everything that happens to them."""

    @initialize(first=pool)
    def first(self, first: Generation) -> None:
        self.engine = FakeEngine(first)
        deploy(self.engine, None)
        self.clean = True  # nothing was killed since something was finished or undone
        self.reigns: list[str] = []  # who had everything, nothing in progress; oldest first

    @rule(wanted=pool, force=st.booleans(), keep=st.booleans())
    def deploys(self, wanted: Generation, force: bool, keep: bool) -> None:
        self.engine.spec = wanted
        before, standing, clean = self.engine.ledger, dict(self.engine.standing), self.clean
        ended = self.run(lambda: deploy(self.engine, None, force, keep))
        if ended is None and self.engine.ledger.progress is None:
            assert self.engine.ledger.live == (wanted.name,)
        if before.live == (wanted.name,) and not before.progress and not kept(before):
            assert self.engine.ledger is before, "deploying the same again changed the ledger"
            if clean:
                assert self.engine.standing == standing, (
                    "deploying the same again touched something"
                )

    @precondition(lambda self: self.engine.ledger.progress)
    @rule(steps=times, well=st.booleans(), keep=st.booleans())
    def watched(self, steps: int, well: bool, keep: bool) -> None:
        """A rollout is carried on for a while; then it is bad, or the command is killed."""
        left = [steps]

        def watch(*_: object) -> str | None:
            left[0] -= 1
            if left[0] < 0 and well:
                raise Killed
            return "7 of 100 requests failed" if left[0] < 0 else None

        self.run(lambda: follow(self.engine, None, watch, keep=keep))

    @rule(to=st.none() | pool)
    def rolls_back(self, to: Generation | None) -> None:
        before = self.engine.ledger
        ended = self.run(lambda: rollback(self.engine, None, to.name if to else None, None, None))
        if ended is None and to is None:
            assert self.engine.ledger.live == (before.previous,), "not who had everything before"
        if ended is None:
            left = set(before.live) - set(self.engine.ledger.live)
            assert left <= set(self.engine.ledger.quarantined)

    @rule(
        kind=st.sampled_from(["promote", "hold", "release", "abort"]),
        reason=st.sampled_from([None, "no good"]),
    )
    def decides(self, kind: Any, reason: str | None) -> None:
        before = self.engine.ledger
        if kind == "promote":
            ended = self.run(lambda: advance(self.engine, None, None))
        elif kind == "abort":
            ended = self.run(lambda: abort(self.engine, None, reason, None))
        else:
            ended = self.run(lambda: decide(self.engine, None, kind, None))
        assert before.progress or isinstance(ended, Refused), "there was nothing to decide"

    @rule()
    def plain_update(self) -> None:
        """Somebody runs the engine by hand: what a command left is finished, and otherwise nothing happens."""
        before, spec = self.engine.ledger, self.engine.spec
        self.clean = how_it_ended(self._by_hand) is None
        self.engine.at = lambda _point: None
        name = spec.name if spec else ""
        if before.progress or name in before.quarantined or before.live == (name,):
            assert self.engine.ledger is before or kept(before)

    def _by_hand(self) -> None:
        ended = self.engine.up()
        if ended.failed:
            raise ended.failed

    @rule(sick=st.sets(st.sampled_from([each.name for each in POOL]), max_size=6))
    def falls_ill(self, sick: set[str]) -> None:
        """Whoever is raised from now on does not get well; what runs goes on."""
        self.engine.sick = sick

    @rule(point=points, client=st.booleans())
    def trouble_ahead(self, point: str, client: bool) -> None:
        self.engine.at = killed(point) if client else out_of_reach(point)

    @rule(data=st.data())
    def pulled_out_and_repaired(self, data: st.DataObject) -> None:
        """Somebody removes an instance by hand; a repair raises it again, through the gate."""
        if not self.engine.standing or not self.clean:
            return
        gone = data.draw(st.sampled_from(sorted(self.engine.standing)))
        del self.engine.standing[gone]
        before = self.engine.ledger
        sick, self.engine.sick = self.engine.sick, set()
        self.engine.at = lambda _point: None
        assert self.engine.up(Order(kind="undo", serial=before.serial, service="web")).well
        self.engine.sick = sick
        assert (gone in self.engine.standing, self.engine.ledger) == (True, before)

    def run(self, command: Any) -> BaseException | None:
        """The command's end is checked against what it says of itself."""
        before, was_clean = self.engine.ledger, self.clean
        updates = len(self.engine.updates)
        error = how_it_ended(command)
        match error:
            case None:  # it may have found nothing to do, and then has looked at nothing
                self.clean = was_clean or len(self.engine.updates) > updates
            case Undone():
                assert set(self.engine.ledger.live) == set(origin(before)), "not as it began"
                self.clean = True
            case Killed():
                self.engine.at = lambda _point: None
                self.clean = False
            case NotUndone():
                self.clean = False
            case _:
                assert self.engine.ledger.serial == before.serial, error
                self.clean = was_clean and not self.touched()
        return error

    def touched(self) -> bool:
        return set(declared(self.engine.ledger)) != set(self.engine.standing)

    @invariant()
    def somebody_answers(self) -> None:
        """Unless what was live was stopped first: each server with traffic stands, and has passed its gate."""
        if not hasattr(self, "engine"):
            return
        with_traffic = [name for name, weight in self.engine.weights.items() if weight]
        progress = self.engine.ledger.progress
        assert with_traffic or (progress and progress.is_stopped) or not self.clean
        for name in with_traffic:
            assert name in self.engine.standing, f"{name} has traffic and is gone"
            assert name not in self.engine.stopped, f"{name} has traffic and is stopped"
            assert (name, self.engine.standing[name]) in self.engine.proven

    @invariant()
    def nothing_is_left(self) -> None:
        """Where the last command ended by itself, all that stands is in the ledger, and the router knows no more."""
        if hasattr(self, "engine") and self.clean:
            assert set(self.engine.standing) == set(declared(self.engine.ledger))
            assert self.engine.weights == servers(self.engine.ledger)

    @invariant()
    def it_is_known_who_had_everything_before(self) -> None:
        """As somebody sees it who looks at who is live; the quarantined do not count, nor what was only called off."""
        if not hasattr(self, "engine") or self.engine.ledger.progress:
            return
        ledger = self.engine.ledger
        known = {record.name for record in ledger.remembered} - set(ledger.quarantined)
        before = [each for each in self.reigns if each in known and each not in ledger.live]
        self.reigns = [*before, *ledger.live]
        assert ledger.previous == (before[-1] if before else None)

    @invariant()
    def the_quarantined_have_no_traffic(self) -> None:
        if hasattr(self, "engine"):
            live = {generation_of(name) for name, weight in self.engine.weights.items() if weight}
            assert not live & set(self.engine.ledger.quarantined) or not self.clean


def how_it_ended(command: Any) -> BaseException | None:
    try:
        command()
    except (RehouseError, Killed) as error:
        return error
    return None


def origin(ledger: Ledger) -> tuple[str, ...]:
    """What was live before the rollout, where one was in progress."""
    return tuple(ledger.progress.before) if ledger.progress else ledger.live


def kept(ledger: Ledger) -> bool:
    return any(name in ledger.quarantined for name in ledger.standing)


TestOperations = Operations.TestCase
TestOperations.settings = settings(
    max_examples=100,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
