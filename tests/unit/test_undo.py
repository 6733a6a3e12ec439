"""What a signal or a second failure leaves, and what is said of it; nothing is undone that is not ours."""

# ruff: noqa: SIM300

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.rollout.deploy import deploy, rollback
from rehouse.cli.rollout.stages import abort, advance, decide, follow
from rehouse.cli.rollout.undo import MEND, quarantined_for, undone
from rehouse.cli.rollout.updates import STAYS, Interrupted, chosen
from rehouse.components.errors import (
    Contested,
    GateFailed,
    NotUndone,
    OutOfReach,
    Refused,
    Undone,
    Wrong,
)
from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order
from tests.unit.fake_engine import Ended, FakeEngine, declared, out_of_reach, servers
from tests.unit.makers import generation, spec


@dataclass
class Told(FakeEngine):
    """Keeps what each update was told besides, and ends as it is told to."""

    ends: list[dict[str, Any]] = field(default_factory=list)
    listeners: list[OnEvent | None] = field(default_factory=list)
    limits: list[float | None] = field(default_factory=list)
    services: set[str | None] = field(default_factory=set)
    blind: bool = False  # the state cannot be read once an update has begun

    def ledgers(self) -> dict[str, Ledger]:
        if self.blind and self.updates:
            raise OutOfReach("state", "is away", "bring it back")
        return super().ledgers()

    def up(
        self,
        wanted: Order | None = None,
        on_event: OnEvent | None = None,
        seconds: float | None = None,
    ) -> Ended:
        self.listeners.append(on_event)
        self.limits.append(seconds)
        self.services.add(wanted.service if wanted else None)
        ended = super().up(wanted, on_event, seconds)
        return replace(ended, **self.ends.pop(0)) if self.ends else ended


def of(number: int, **rollout: object) -> Generation:
    return generation(spec=spec(env={"N": str(number)}, replicas=2, rollout=rollout))


A, B = of(0), of(1)
CANARY = of(1, strategy="canary", pause="promote")


@pytest.fixture
def engine() -> Told:
    """A is live, and B is wanted."""
    made = Told(A)
    deploy(made, None)
    made.spec = B
    return forgetting(made)


@pytest.fixture
def at_its_first_step(engine: Told) -> Told:
    """A canary has its first share, and waits for a person."""
    engine.spec = CANARY
    deploy(engine, None)
    return forgetting(engine)


def test_an_interrupted_deploy_is_undone(engine: Told):
    """Nothing is quarantined for it, and the status is that of the signal."""
    engine.at, engine.ends = out_of_reach("created"), [{"interrupted": 15}]
    with pytest.raises(Interrupted, match="interrupted and undone") as raised:
        deploy(engine, None)
    assert (143, f"{A.name} is live", "run it again") == (*ends(raised), raised.value.fix)
    assert (["deploy", "undo"], {}) == (engine.updates, engine.ledger.quarantined)
    assert consistent(engine)


def test_what_had_not_begun_is_not_undone(engine: Told):
    """There is nothing to undo."""
    engine.at, engine.ends = out_of_reach("begin"), [{"interrupted": 2, "begun": False}]
    with pytest.raises(Interrupted, match="before it began") as raised:
        deploy(engine, None)
    assert (130, f"{A.name} is live", ["deploy"]) == (*ends(raised), engine.updates)


def test_a_second_signal_undoes_nothing(engine: Told):
    """Whoever sends it does not want to wait; what may be left is said."""
    engine.at, engine.ends = out_of_reach("created"), [{"interrupted": 2, "hurried": True}]
    with pytest.raises(Interrupted, match="interrupted twice") as raised:
        deploy(engine, None)
    state = f"{A.name} is live; something of the new generation may still stand"
    assert (130, state, ["deploy"]) == (*ends(raised), engine.updates)
    assert "rehouse abort takes back" in raised.value.fix


def test_a_signal_while_it_is_undone_is_said(engine: Told):
    """The old generation keeps the traffic, and something of the new one may stand."""
    engine.at, engine.ends = always("created"), [{}, {"interrupted": 15}]
    with pytest.raises(Interrupted, match="while it was undone") as raised:
        deploy(engine, None)
    state = f"{A.name} is live and keeps all traffic; something of {B.name} may still stand"
    assert (143, state) == ends(raised)


def test_a_state_that_went_away_is_said_with_both_reasons(engine: Told):
    """Nobody can look on which side of the shift it was: a person is needed."""
    engine.at, engine.blind = out_of_reach("created"), True
    with pytest.raises(NotUndone) as raised:
        deploy(engine, None)
    told = "does not answer\nand it could not be undone: state: is away"
    assert (B.name, told) == (raised.value.where, raised.value.what)
    assert "bring it back\nthen: rehouse deploy" == raised.value.fix
    assert f"{A.name} was live before" in str(raised.value.state)
    assert f"something of {B.name} may stand" in str(raised.value.state)


def test_an_undo_that_fails_names_both_reasons(engine: Told):
    """That of the rollout first."""
    engine.sick, engine.at = {B.name}, second("begin")
    with pytest.raises(NotUndone) as raised:
        deploy(engine, None)
    told = "answers 503\nlog\nand the undo failed as well: does not answer"
    assert (B.name, told) == (raised.value.where, raised.value.what)


def test_a_failed_rollback_names_what_should_have_come_back(engine: Told):
    """It is what is quarantined, although the spec says something else."""
    deploy(engine, None)
    engine.sick, engine.spec = {A.name}, of(2)
    engine.proven.clear()
    with pytest.raises(Undone) as raised:
        rollback(engine, None, A.name, "slow", None)
    assert (A.name, "answers 503\nlog") == (raised.value.where, raised.value.what)
    assert ({A.name: "answers 503"}, {B.name: 100}) == (
        engine.ledger.quarantined,
        engine.ledger.standing,
    )


def test_the_way_out_of_what_was_undone_says_what_is_quarantined(engine: Told):
    """Only then is --force needed."""
    engine.at = out_of_reach("created")
    with pytest.raises(Undone) as other:
        deploy(engine, None)
    engine.sick = {B.name}
    with pytest.raises(Undone) as unwell:
        deploy(engine, None)
    assert (False, True) == ("--force" in other.value.fix, "--force" in unwell.value.fix)


def test_what_was_undone_has_the_way_out_of_what_failed(engine: Told):
    """It is no fault of the service; where it is one, or nobody knows, the service is to be mended."""
    engine.at = out_of_reach("created")
    with pytest.raises(Undone) as other:
        deploy(engine, None)
    assert "start it\nthen: rehouse deploy" == other.value.fix
    engine.sick = {B.name}
    with pytest.raises(Undone) as unwell:
        deploy(engine, None)
    assert unwell.value.fix.startswith(MEND)
    assert MEND == undone("web", "boom", "A", False, False, None).fix


def test_a_step_that_was_undone_has_the_way_out_of_what_failed(engine: Told):
    """As a deploy has."""
    engine.spec = of(1, strategy="rolling")
    deploy(engine, None)
    engine.at = out_of_reach("begin")
    with pytest.raises(Undone) as raised:
        follow(engine, None, lambda *_: None)
    assert "start it\nthen: rehouse deploy" == raised.value.fix


def test_what_is_kept_is_said_only_where_it_stands(engine: Told):
    """What failed for another reason is gone, also where it should have been kept."""
    engine.at = out_of_reach("created")
    with pytest.raises(Undone) as raised:
        deploy(engine, None, keep=True)
    assert f"{A.name} is live, nothing of {B.name} is left" == raised.value.state


def test_only_what_is_not_well_is_quarantined():
    """With the first line of the reason."""
    unwell = GateFailed("gate", "answers 503\nlog", "mend it")
    assert "answers 503" == quarantined_for(unwell)
    assert [None, None] == [quarantined_for(None), quarantined_for(OutOfReach("a", "b", "c"))]


def test_an_interrupted_step_is_taken_back(at_its_first_step: Told):
    """It stays where it was; resume or abort is what follows."""
    engine = at_its_first_step
    engine.at, engine.ends = out_of_reach("shifted"), [{"interrupted": 15}]
    with pytest.raises(Interrupted) as raised:
        advance(engine, None, None)
    assert (143, f"{A.name}, {CANARY.name} is live") == ends(raised)
    assert (["advance", "undo"], STAYS) == (engine.updates, raised.value.fix)
    assert consistent(engine)


def test_a_step_that_had_not_begun_is_not_taken_back(at_its_first_step: Told):
    """Nor is one that was interrupted twice; only of that one something may stand."""
    engine = at_its_first_step
    for how, fix in (({"begun": False}, "run it again"), ({"hurried": True}, STAYS)):
        engine.at, engine.ends = out_of_reach("begin"), [{"interrupted": 2, **how}]
        with pytest.raises(Interrupted) as raised:
            advance(engine, None, None)
        assert fix == raised.value.fix
    assert ["advance", "advance"] == engine.updates


def test_a_step_that_cannot_be_taken_back_needs_a_person(at_its_first_step: Told):
    """Exit code 11, with both reasons and what is live."""
    engine = at_its_first_step
    engine.at = always("begin")
    with pytest.raises(NotUndone) as raised:
        advance(engine, None, None)
    told = "does not answer\nand the step before could not be restored: does not answer"
    assert (CANARY.name, told) == (raised.value.where, raised.value.what)
    assert f"{A.name}, {CANARY.name} is live" == raised.value.state


def test_a_step_whose_rest_cannot_be_removed_says_who_has_the_traffic(at_its_first_step: Told):
    """It has moved."""
    engine = at_its_first_step
    engine.at = always("retiring")
    with pytest.raises(NotUndone) as raised:
        advance(engine, None, None)
    told = f"{A.name}, {CANARY.name} has the traffic, but what it replaced could not be removed"
    assert ("web", f"{told}: does not answer") == (raised.value.where, raised.value.what)


def test_an_abort_that_fails_says_why_it_was_wanted(at_its_first_step: Told):
    """And what failed now."""
    for reason, told in (("slow", "slow"), (None, "the rollout")):
        at_its_first_step.at = always("begin")
        with pytest.raises(NotUndone) as raised:
            abort(at_its_first_step, None, reason, None)
        assert f"{told}\ncould not be undone: does not answer" == raised.value.what


def test_a_followed_rollout_that_cannot_be_undone_names_both_reasons(engine: Told):
    """Also where the first is none to quarantine for, and all of one that is."""
    for sick, told in ((False, "does not answer"), (True, "answers 503\nlog")):
        engine.spec, engine.at = of(2 + sick, strategy="rolling"), never
        deploy(engine, None)
        engine.updates.clear()
        engine.sick = {engine.spec.name} if sick else set()
        engine.at = second("begin", begin=2 if sick else 1)
        with pytest.raises(NotUndone) as raised:
            follow(engine, None, lambda *_: None)
        assert f"{told}\ncould not be undone: does not answer" == raised.value.what
        assert "abort" == engine.updates[-1]
        engine.at = never
        abort(engine, None, None, None)


def test_an_abort_with_a_reason_quarantines_and_keeps(at_its_first_step: Told):
    """What is kept stands without traffic."""
    done = abort(at_its_first_step, None, "slow", None, keep=True)
    assert ({A.name: 100, CANARY.name: 0}, None) == (done.standing, done.progress)
    assert {CANARY.name: "slow"} == at_its_first_step.ledger.quarantined


def test_an_abort_without_a_reason_quarantines_nothing(at_its_first_step: Told):
    """It may be tried again."""
    done = abort(at_its_first_step, None, None, None)
    assert ({A.name: 100}, {}) == (done.standing, at_its_first_step.ledger.quarantined)


def test_an_abort_of_nothing_is_refused(engine: Told):
    """Before anything is touched."""
    with pytest.raises(Refused, match="none is in progress"):
        abort(engine, None, "slow", None)
    assert [] == engine.updates


def test_a_canary_that_is_kept_stands_to_be_looked_at(engine: Told):
    """Whoever follows it may ask for that."""
    engine.spec = of(1, strategy="canary")
    deploy(engine, None)
    with pytest.raises(Undone, match="to be looked at"):
        follow(engine, None, lambda *_: "7 of 100 requests failed", keep=True)
    assert {A.name: 100, engine.spec.name: 0} == engine.ledger.standing


def test_a_step_that_somebody_else_overtook_is_left_alone(at_its_first_step: Told):
    """Nothing is taken back: it is their rollout now."""
    engine = at_its_first_step

    def other(_point: str) -> None:
        raise Contested("ledger", "somebody else has changed it", "look")

    engine.at = other
    with pytest.raises(Contested):
        decide(engine, None, "advance", None)
    assert ["advance"] == engine.updates


def test_all_updates_are_told_to_who_listens(engine: Told):
    """Those that undo and finish as well."""
    engine.at = out_of_reach("created")
    with pytest.raises(Undone):
        deploy(engine, None, on_event=listen)
    engine.at = out_of_reach("retiring")
    deploy(engine, None, on_event=listen)
    engine.at = out_of_reach("created")
    with pytest.raises(Undone):
        rollback(engine, None, None, None, listen)
    rollback(engine, None, None, None, listen)
    assert [listen] * 7 == engine.listeners


def test_every_order_names_its_service(at_its_first_step: Told):
    """Other services of the stack are left as they are; in a new stack nothing has a name yet."""
    engine = at_its_first_step
    engine.at = out_of_reach("shifted")
    with pytest.raises(OutOfReach):
        advance(engine, None, None)
    abort(engine, None, None, None)
    engine.spec = B
    deploy(engine, None)
    engine.at = out_of_reach("created")
    with pytest.raises(Undone):
        rollback(engine, None, None, None, None)
    rollback(engine, None, None, None, None)
    assert {"web"} == engine.services


def test_a_signal_while_a_person_aborts_is_said(at_its_first_step: Told):
    """It stays where it was, and they may abort again."""
    engine = at_its_first_step
    engine.at, engine.ends = out_of_reach("created"), [{"interrupted": 15}]
    with pytest.raises(Interrupted) as raised:
        abort(engine, None, "slow", None)
    assert (143, f"{A.name}, {CANARY.name} is live") == ends(raised)
    assert consistent(engine)


def test_where_nothing_is_live_it_says_nothing():
    """A first deploy that was interrupted leaves nobody with traffic."""
    for how in ({"begun": False}, {}):
        engine = Told(A, at=out_of_reach("created"), ends=[{"interrupted": 15, **how}])
        with pytest.raises(Interrupted) as raised:
            deploy(engine, None)
        assert "nothing is live" == raised.value.state
    stopped = Told(A)
    deploy(stopped, None)
    stopped.spec = of(7, strategy="recreate")
    deploy(stopped, None)
    stopped.at, stopped.ends = out_of_reach("begin"), [{"interrupted": 15}]
    with pytest.raises(Interrupted) as raised:
        advance(stopped, None, None)
    assert "nothing is live" == raised.value.state


def test_all_steps_are_told_to_who_listens(engine: Told):
    """Those that a person takes, those that are followed, and what takes them back."""
    engine.spec = of(1, strategy="canary")
    deploy(engine, None, on_event=listen)
    engine.at = out_of_reach("created")
    with pytest.raises(OutOfReach):
        advance(engine, None, listen)
    engine.at = out_of_reach("retiring")
    decide(engine, None, "hold", listen)
    decide(engine, None, "release", listen)
    follow(engine, None, lambda *_: None, listen)
    engine.spec = of(2, strategy="canary")
    deploy(engine, None, on_event=listen)
    abort(engine, None, None, listen)
    assert [listen] == list({*engine.listeners})


def test_an_update_ends_with_its_deadline(engine: Told):
    """All of it the first, as the program tells it; what is left each step; an abort and an undo have all the time."""
    engine.spec = of(1, strategy="canary", deadline="1h")
    deploy(engine, None)
    advance(engine, None, None)
    abort(engine, None, None, None)
    first, second, third = engine.limits
    assert (None, None) == (first, third)
    assert second is not None
    assert 3000 < second <= 3600


def test_a_watcher_is_told_the_service_and_how_long(engine: Told):
    """As long as the step lasts, and not longer than the rollout may."""
    engine.spec = of(1, strategy="canary", deadline="30s")
    deploy(engine, None)
    told: list[Any] = []
    follow(engine, None, lambda *each: told.append(each))
    assert {"web"} == {name for name, _, _ in told}
    assert all(20 < seconds <= 30 for _, _, seconds in told)


def test_a_step_that_is_over_is_not_watched_longer(engine: Told):
    """Never for less than no time."""
    engine.spec = of(1, strategy="canary")
    deploy(engine, None)
    progress = engine.ledger.progress
    assert progress
    late = progress.model_copy(update={"since": "2026-01-01T00:00:00+00:00"})
    engine.ledger = engine.ledger.model_copy(update={"progress": late})
    told: list[float] = []
    follow(engine, None, lambda _name, _ledger, seconds: told.append(seconds))
    assert 0.0 == told[0]


def test_a_refusal_says_that_nothing_has_changed(engine: Told):
    """It comes before anything is touched."""
    engine.sick = {B.name}
    with pytest.raises(Undone):
        deploy(engine, None)
    with pytest.raises(Refused) as raised:
        deploy(engine, None)
    assert f"nothing has changed; {A.name} is live" == raised.value.state


def test_one_of_several_services_must_be_named():
    """The known ones are told; where nothing was deployed any name will do."""
    two = {"api": Ledger(serial=1), "web": Ledger(serial=2)}
    assert ("web", two["web"]) == chosen(two, "web")
    assert ("api", two["api"]) == chosen({"api": two["api"]}, None)
    assert [("web", Ledger()), (None, Ledger())] == [chosen({}, "web"), chosen({}, None)]
    with pytest.raises(Wrong, match="this stack has several: api, web"):
        chosen(two, None)
    with pytest.raises(Wrong, match="service shop: is not in this stack\nfix: known: api, web"):
        chosen(two, "shop")


def test_a_program_that_does_not_make_what_is_expected_is_wrong(engine: Told):
    """Its key and both values are named, before anything is touched."""
    with pytest.raises(Wrong, match="configuration key replicas: is 5, and the program makes 2"):
        deploy(engine, None, expected={"target": "container", "replicas": 5})
    assert [] == engine.updates
    assert deploy(engine, None, expected={"target": "container", "replicas": 2}).changed


def test_what_is_wished_is_for_this_rollout(engine: Told):
    """It has the steps that were asked for, whatever the spec says."""
    done = deploy(engine, None, wishes={"strategy": "canary", "steps": (10,)})
    assert (10, "deploy") == (done.standing[B.name], engine.updates[0])


def test_a_rollback_without_a_reason_says_where_to(engine: Told):
    """The one that is named, also where another was live since."""
    deploy(engine, None)
    engine.spec = of(2)
    deploy(engine, None)
    done = rollback(engine, None, A.name, None, None)
    assert ((engine.spec.name,), (A.name,)) == (done.before, done.live)
    assert {engine.spec.name: f"rolled back to {A.name}"} == engine.ledger.quarantined


def test_a_rollback_leaves_out_what_is_quarantined(engine: Told):
    """It goes to the newest that was well."""
    deploy(engine, None)
    engine.spec = of(2)
    engine.sick = {engine.spec.name}
    with pytest.raises(Undone):
        deploy(engine, None)
    assert (A.name,) == rollback(engine, None, None, None, None).live


def test_a_rollback_elsewhere_waits_for_the_rollout_in_progress(at_its_first_step: Told):
    """Only going back to what was live before is to abort it."""
    with pytest.raises(Contested, match="is in progress") as raised:
        rollback(at_its_first_step, None, CANARY.name, None, None)
    assert (12, []) == (raised.value.exit_code, at_its_first_step.updates)
    back = rollback(at_its_first_step, None, A.name, None, None)
    assert ((A.name,), ["abort"]) == (back.live, at_its_first_step.updates)
    assert {CANARY.name: f"rolled back to {A.name}"} == at_its_first_step.ledger.quarantined


def never(*_: object) -> None:
    """Nothing fails."""


def listen(*_: object) -> None:
    """Somebody who wants to know."""


def ends(raised: pytest.ExceptionInfo[Interrupted]) -> tuple[int, str | None]:
    return raised.value.exit_code, raised.value.state


def always(point: str):
    return second(point, begin=1)


def second(point: str, begin: int = 2):
    """Something fails at this point from the second time on."""
    seen: list[str] = []

    def at(now: str) -> None:
        seen.append(now)
        if now == point and seen.count(now) >= begin:
            raise OutOfReach("docker", "does not answer", "start it")

    return at


def forgetting(engine: Told) -> Told:
    """What was so far is not what a test is about."""
    for past in (engine.updates, engine.listeners, engine.limits, engine.services):
        past.clear()
    return engine


def consistent(engine: FakeEngine) -> bool:
    """What stands and what the router knows is what the ledger says."""
    assert sorted(declared(engine.ledger)) == sorted(engine.standing)
    assert servers(engine.ledger) == engine.weights
    return True
