"""The ledger's transitions keep its promises, one by one and in any order."""

# ruff: noqa: SIM300

import json

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pydantic import ValidationError

from rehouse.components.errors import Refused
from rehouse.components.ledger import REMEMBERED, Ledger, Record
from rehouse.components.spec import Rollout
from tests.unit.makers import generation

WHO, WHEN = "ops@here", "2026-01-01T00:00:00+00:00"
A, B, C = (generation(number) for number in range(3))
CANARY = Rollout(strategy="canary", steps=(5,))
MANY = [generation(number) for number in range(REMEMBERED + 6)]


@pytest.fixture
def only_a() -> Ledger:
    return Ledger().deployed(A, WHO, WHEN)


@pytest.fixture
def b_beside_a(only_a: Ledger) -> Ledger:
    return only_a.raised(B, WHO, WHEN)


def test_a_new_ledger_knows_nothing():
    """Where nothing was deployed, nothing stands."""
    assert (0, {}, (), {}, None, False, ()) == (*(value for _, value in Ledger()), Ledger().live)


def test_a_raised_generation_stands_without_traffic(b_beside_a: Ledger):
    """It is beside the live one, which keeps everything."""
    assert ({A.name: 100, B.name: 0}, (A.name,)) == (b_beside_a.standing, b_beside_a.live)


def test_raising_it_again_changes_nothing(b_beside_a: Ledger):
    """What stands is not raised twice."""
    assert b_beside_a is b_beside_a.raised(B, "other", WHEN)


def test_traffic_is_shifted_as_the_weights_say(b_beside_a: Ledger):
    """Who is named gets its percentage, and is live."""
    shifted = b_beside_a.shifted({A.name: 90, B.name: 10})
    assert (A.name, B.name) == shifted.live
    assert ["live", "live"] == outcomes(shifted)


def test_a_step_begins_when_the_traffic_has_moved(only_a: Ledger):
    """However long it took to raise and prove it; the rollout began before that."""
    begun = only_a.begun(B, CANARY, WHO, WHEN).stepped_at("2026-01-01T00:01:00+00:00").progress
    assert begun
    assert ("2026-01-01T00:01:00+00:00", WHEN) == (begun.since, begun.began)
    assert only_a is only_a.stepped_at(WHEN)


def test_who_is_not_named_gets_no_traffic(b_beside_a: Ledger):
    """A shift says where all of the traffic goes."""
    assert {A.name: 0, B.name: 100} == b_beside_a.shifted({B.name: 100}).standing


@pytest.mark.parametrize("weights", [{A.name: 90}, {A.name: 110, B.name: -10}, {B.name: 101}])
def test_shares_that_do_not_add_up_are_refused(b_beside_a: Ledger, weights: dict[str, int]):
    """Neither more nor less than all of the traffic, and no negative share."""
    with pytest.raises(Refused, match="do not add up to 100"):
        b_beside_a.shifted(weights)


def test_traffic_to_what_does_not_stand_is_refused(only_a: Ledger):
    """It says what stands instead."""
    with pytest.raises(Refused) as raised:
        only_a.shifted({B.name: 100})
    assert f"{B.name}: does not stand\nfix: standing: {A.name}" == str(raised.value)


@pytest.mark.parametrize("end", [Ledger.retired, lambda ledger, name: ledger.quarantine(name, "")])
def test_what_gets_traffic_cannot_end(only_a: Ledger, end):
    """A live generation is neither retired nor quarantined."""
    with pytest.raises(Refused) as raised:
        end(only_a, A.name)
    expected = f"{A.name}: still gets 100 % of the traffic\nfix: shift the traffic away first"
    assert expected == str(raised.value)


def test_a_retired_generation_is_remembered(b_beside_a: Ledger):
    """It is gone, and can be declared again from the ledger alone."""
    retired = b_beside_a.retired(B.name)
    assert ({A.name: 100}, ["retired", "live"]) == (retired.standing, outcomes(retired))
    assert B == retired.remembered[0].generation


def test_a_quarantined_generation_is_not_raised(b_beside_a: Ledger):
    """It failed once; it is refused with the reason until somebody releases it."""
    ledger = b_beside_a.quarantine(B.name, "exited with status 3")
    with pytest.raises(Refused, match="is quarantined: exited with status 3"):
        ledger.deployed(B, WHO, WHEN)
    assert {B.name: 100} == ledger.released(B.name).deployed(B, WHO, WHEN).standing


def test_only_the_quarantined_are_released(only_a: Ledger):
    """A slip in the name is told, instead of a release of nothing."""
    with pytest.raises(Refused) as raised:
        only_a.released(B.name)
    assert f"{B.name}: is not quarantined\nfix: quarantined: none" == str(raised.value)


def test_a_deploy_is_the_whole_replacement(b_beside_a: Ledger):
    """The new generation has everything; all others are retired, live ones and raised ones."""
    ledger = b_beside_a.deployed(C, WHO, WHEN)
    assert {C.name: 100} == ledger.standing
    assert ["live", "retired", "retired"] == outcomes(ledger)


def test_deploying_what_is_live_changes_nothing(only_a: Ledger):
    """The same generation again is the same ledger."""
    assert only_a is only_a.deployed(A, "other", WHEN)


def test_deploying_what_was_raised_finishes_it(b_beside_a: Ledger):
    """A rollout that stopped half way goes on from there."""
    assert {B.name: 100} == b_beside_a.deployed(B, WHO, WHEN).standing


def test_an_earlier_generation_is_remembered_once(only_a: Ledger):
    """Going back moves its record to the front."""
    ledger = only_a.deployed(B, WHO, WHEN).deployed(A, WHO, WHEN)
    assert [A.name, B.name] == [record.generation.name for record in ledger.remembered]


def test_standing_generations_come_oldest_first(b_beside_a: Ledger):
    """The order in which they were raised, whatever the order of the weights."""
    shifted = b_beside_a.shifted({B.name: 50, A.name: 50})
    assert (A, B) == shifted.standing_generations()


def test_what_stands_is_never_forgotten():
    """An old generation that still has traffic outlives the ten newest."""
    ledger = Ledger().deployed(MANY[0], WHO, WHEN)
    for each in MANY[1:]:
        ledger = ledger.raised(each, WHO, WHEN).retired(each.name)
    names = [record.generation.name for record in ledger.remembered]
    assert [each.name for each in reversed(MANY[-REMEMBERED:])] + [MANY[0].name] == names


def test_an_inconsistent_ledger_cannot_be_read():
    """A ledger that was tampered with is refused before anything is declared."""
    record = Record(generation=A, who=WHO, when=WHEN, outcome="live")
    for broken in (
        {"standing": {A.name: 100}},
        {"standing": {A.name: 99}, "remembered": (record,)},
        {"standing": {A.name: -100, B.name: 200}, "remembered": (record,)},
        {"standing": {A.name: 100}, "remembered": (record,), "quarantined": {A.name: "bad"}},
    ):
        with pytest.raises(ValidationError):
            Ledger.model_validate(broken)


def test_what_was_called_off_says_so(only_a: Ledger):
    """It is no generation that was live and retired."""
    off = only_a.begun(B, CANARY, WHO, WHEN).aborted(None)
    assert ({A.name: 100}, ["aborted", "live"]) == (off.standing, outcomes(off))
    assert ["live", "aborted", "retired"] == outcomes(off.deployed(C, WHO, WHEN))


def test_before_the_present_one_was_who_had_everything_last(only_a: Ledger):
    """In the order in which they came to have it; a later try that was called off does not count."""
    b_then_a = only_a.deployed(C, WHO, WHEN).deployed(B, WHO, WHEN).deployed(A, WHO, WHEN)
    tried_again = b_then_a.begun(C, CANARY, WHO, WHEN).aborted(None)
    assert (B.name, B.name) == (b_then_a.previous, tried_again.previous)
    baked = b_then_a.begun(C, Rollout.model_validate({"bake": "60s"}), WHO, WHEN).aborted(None)
    assert (B.name, A.name) == (baked.previous, baked.deployed(C, WHO, WHEN).previous)
    finished = b_then_a.begun(C, CANARY, WHO, WHEN).finished()
    assert ((C.name,), A.name) == (finished.live, finished.previous)


def test_while_a_rollout_is_in_progress_before_is_who_was_live_when_it_began(only_a: Ledger):
    """Not who shares the traffic now."""
    assert A.name == only_a.begun(B, CANARY, WHO, WHEN).previous


def test_what_was_quarantined_is_not_before_also_once_it_is_released(only_a: Ledger):
    """Whoever tries it again with force and calls that off has not said that it is well."""
    left = only_a.deployed(B, WHO, WHEN).rolled_back(A.name, "slow", WHO, WHEN)
    again = left.released(B.name).begun(B, CANARY, WHO, WHEN).aborted(None)
    assert (None, None, {}) == (left.previous, again.previous, again.quarantined)
    assert B.name == left.released(B.name).deployed(B, WHO, WHEN).deployed(C, WHO, WHEN).previous


def test_a_ledger_of_an_earlier_version_can_be_read(only_a: Ledger):
    """What it says of who was live before is believed: newest first, the retired ones."""
    told = only_a.deployed(B, WHO, WHEN).deployed(C, WHO, WHEN).model_dump(mode="json")
    for record in told["remembered"]:
        del record["alone"]
    old = Ledger.model_validate_json(json.dumps(told))
    assert (B.name, C.name) == (old.previous, old.deployed(MANY[5], WHO, WHEN).previous)


def test_maintenance_is_kept_whatever_is_deployed(only_a: Ledger):
    """It begins and ends by itself alone; who stands, and with what share, is not touched."""
    closed = only_a.maintained(True)
    assert (True, only_a.standing) == (closed.maintenance, closed.standing)
    assert closed is closed.maintained(True)
    deployed = closed.deployed(B, WHO, WHEN)
    assert (True, {B.name: 100}) == (deployed.maintenance, deployed.standing)
    assert not deployed.maintained(False).maintenance


def test_there_is_no_maintenance_of_nothing():
    """Nothing answers users anyway, and there is no router."""
    with pytest.raises(Refused, match="nothing was deployed yet"):
        Ledger().maintained(True)


class Transitions(RuleBasedStateMachine):
    """Any transitions in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()

    def move(self, after: Ledger) -> None:
        before, self.ledger = self.ledger, after
        assert after is before or after.serial > before.serial

    def standing(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.ledger.standing)))

    @rule(which=st.sampled_from(MANY))
    def raise_one(self, which):
        if which.name in self.ledger.quarantined:
            with pytest.raises(Refused):
                self.ledger.raised(which, WHO, WHEN)
        else:
            self.move(self.ledger.raised(which, WHO, WHEN))

    @rule(which=st.sampled_from(MANY))
    def deploy(self, which):
        if which.name in self.ledger.quarantined:
            with pytest.raises(Refused):
                self.ledger.deployed(which, WHO, WHEN)
        else:
            self.move(self.ledger.deployed(which, WHO, WHEN))
            assert self.ledger is self.ledger.deployed(which, "again", "later")

    @precondition(lambda self: self.ledger.standing)
    @rule(data=st.data(), share=st.integers(0, 100))
    def shift(self, data, share):
        weights = {self.standing(data): 100}
        if (other := self.standing(data)) not in weights:
            weights = {other: share, next(iter(weights)): 100 - share}
        self.move(self.ledger.shifted(weights))

    @precondition(lambda self: self.ledger.standing)
    @rule(data=st.data(), quarantine=st.booleans())
    def end(self, data, quarantine):
        name = self.standing(data)
        if name in self.ledger.live:
            with pytest.raises(Refused):
                self.ledger.retired(name)
            with pytest.raises(Refused):
                self.ledger.quarantine(name, "failed")
        elif quarantine:
            self.move(self.ledger.quarantine(name, "failed"))
        else:
            self.move(self.ledger.retired(name))

    @precondition(lambda self: self.ledger.remembered)
    @rule(on=st.booleans())
    def maintain(self, on):
        self.move(self.ledger.maintained(on))

    @precondition(lambda self: self.ledger.quarantined)
    @rule(data=st.data())
    def release(self, data):
        self.move(self.ledger.released(data.draw(st.sampled_from(sorted(self.ledger.quarantined)))))

    @invariant()
    def the_weights_add_up(self):
        assert sum(self.ledger.standing.values()) in (0, 100)
        assert all(0 <= weight <= 100 for weight in self.ledger.standing.values())

    @invariant()
    def little_is_remembered(self):
        names = [record.generation.name for record in self.ledger.remembered]
        assert len(names) == len(set(names)) <= REMEMBERED + len(self.ledger.standing)
        assert set(self.ledger.standing) <= set(names)

    @invariant()
    def no_quarantined_one_stands(self):
        assert not set(self.ledger.quarantined) & set(self.ledger.standing)

    @invariant()
    def outcomes_tell_the_truth(self):
        for record in self.ledger.remembered:
            stands = record.generation.name in self.ledger.standing
            assert stands == (record.outcome in ("raised", "live"))

    @invariant()
    def it_survives_json(self):
        assert self.ledger == Ledger.model_validate_json(self.ledger.model_dump_json())


Transitions.TestCase.settings = settings(deadline=None, max_examples=60, stateful_step_count=25)
TestAnyTransitionsInAnyOrder = Transitions.TestCase


def outcomes(ledger: Ledger) -> list[str]:
    """Newest first."""
    return [record.outcome for record in ledger.remembered]
