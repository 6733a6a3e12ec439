"""Where a rollout in steps stands: shares, instances, time, and what the ledger and an order make of it."""

# ruff: noqa: SIM300

from typing import Any

import pytest
from pydantic import ValidationError

from rehouse.components.errors import Contested, Refused
from rehouse.components.ledger import REMEMBERED, Ledger
from rehouse.components.order import Order, next_ledger
from rehouse.components.progress import Progress
from rehouse.components.spec import Rollout
from tests.unit.makers import generation, spec

WHO = "ops@here"
NOON, ONE, TWO = (f"2026-01-01T{hour}:00:00+00:00" for hour in (12, 13, 14))
A, B, C = (generation(number) for number in range(3))


def of(replicas: int = 4, at: int = 0, before: dict[str, int] | None = None, **words) -> Progress:
    rollout = Rollout.model_validate(words)
    before = {"a": 100} if before is None else before
    return Progress(
        generation="n",
        replicas=replicas,
        before=before,
        rollout=rollout,
        at=at,
        since=NOON,
        began=NOON,
    )


def begun(**words: object) -> Ledger:
    """A is live, and B has its first share."""
    rollout = Rollout.model_validate({"strategy": "canary", "pause": "promote", **words})
    return Ledger().deployed(A, WHO, NOON).begun(B, rollout, WHO, NOON)


def order(last: Ledger, wanted: object = None, **words: object) -> Ledger:
    asked = Order.model_validate({"serial": last.serial, **words})
    return next_ledger(last, wanted, asked, WHO, ONE)  # type: ignore[arg-type]


def test_a_canary_has_a_share_at_each_step_and_everything_after_the_last():
    """5, 25, 50 and 100 percent; it bakes from then on."""
    steps = [of(at=at, strategy="canary") for at in range(4)]
    assert [5, 25, 50, 100] == [each.share for each in steps]
    assert [False, False, False, True] == [each.bakes for each in steps]


@pytest.mark.parametrize(
    ("bake", "last"), [("0s", [False, False, True, True]), ("10m", [False, False, False, True])]
)
def test_the_last_step_is_that_before_everything_unless_it_bakes(bake: str, last: list[bool]):
    """What shall stay warm is retired by a step of its own."""
    assert last == [of(at=at, strategy="canary", bake=bake).is_last for at in range(4)]


def test_a_step_lasts_its_pause_and_the_last_one_its_bake():
    """In seconds; none where a person is waited for."""
    words: dict[str, Any] = {"strategy": "canary", "pause": "2m", "bake": "10m"}
    assert [120, 120, 120, 600] == [of(at=at, **words).length for at in range(4)]
    assert 0 == of(strategy="canary", pause="promote").length


def test_a_person_is_waited_for_at_each_step_but_not_while_it_bakes():
    """Held, it waits whatever the spec says."""
    steps = [of(at=at, strategy="canary", pause="promote") for at in range(4)]
    assert [True, True, True, False] == [each.waits for each in steps]
    timed = of(strategy="canary")
    assert [False, True] == [timed.waits, timed.holding(True, ONE).waits]


def test_only_recreate_stops_and_only_before_its_first_step():
    """Then nothing stands."""
    steps = [of(at=at, strategy="recreate") for at in range(2)]
    assert [(True, True), (True, False)] == [(each.stops, each.is_stopped) for each in steps]
    assert (False, False) == (of(strategy="canary").stops, of(strategy="canary").is_stopped)


def test_the_rest_is_shared_as_before_and_the_first_gets_what_is_over():
    """All shares add up to 100, and who gets none is not named."""
    shared = of(before={"a": 33, "b": 67}, strategy="canary").weights()
    assert {"a": 32, "b": 63, "n": 5} == shared
    assert {"n": 100} == of(at=3, strategy="canary").weights()
    assert {"n": 5} == of(before={}, strategy="canary").weights()


def test_rolling_raises_and_retires_as_many_as_its_surge():
    """Never more new ones than replicas, and never none of the old ones."""
    steps = [of(at=at, strategy="rolling", surge=2, replicas=5) for at in range(3)]
    assert [2, 4, 5] == [each.raised() for each in steps]
    assert [6, 2, 1] == [each.kept(10 if not number else 9) for number, each in enumerate(steps)]
    others = of(strategy="canary", replicas=5)
    assert (5, 3) == (others.raised(), others.kept(3))


def test_a_step_begins_when_it_is_taken_and_is_not_held():
    """The rollout itself began before."""
    step = of(strategy="canary").stepped(ONE)
    assert (1, ONE, NOON, False) == (step.at, step.since, step.began, step.held)


def test_a_hold_is_not_counted():
    """It ends as many hours after noon as nobody was waited for."""
    held = of(strategy="canary").holding(True, ONE)
    assert (0, True, ONE, NOON) == (held.at, held.held, held.since, held.began)
    released = held.holding(False, TWO)
    assert (False, TWO, ONE) == (released.held, released.since, released.began)
    assert not held.stepped(TWO).held


def test_a_wait_that_goes_on_is_not_counted_either():
    """What is left of an hour is what was left when a person began to be waited for."""
    words: dict[str, Any] = {"strategy": "canary", "deadline": "90m"}
    assert [5400, 1800, 0] == [of(**words).time_left(when) for when in (NOON, ONE, TWO)]
    assert 1800 == of(**words).holding(True, ONE).time_left(TWO)
    assert 5400 == of(**words, pause="promote").time_left(TWO)


def test_how_many_instances_stand_follows_the_rollout():
    """All replicas, unless they are raised and retired step by step."""
    four = [generation(spec=spec(env={"N": str(number)}, replicas=4)) for number in range(2)]
    ledger = Ledger().deployed(four[0], WHO, NOON)
    assert 4 == ledger.instances_of(four[0])
    rolling = Rollout.model_validate({"strategy": "rolling"})
    ledger = ledger.begun(four[1], rolling, WHO, NOON)
    assert [3, 1] == [ledger.instances_of(each) for each in four]


def test_a_rollout_about_what_does_not_stand_cannot_be_read():
    """Neither the new generation nor what to go back to may be missing."""
    for words in ({}, {"strategy": "recreate", "pause": "0s"}):
        ledger = begun(**words)
        for wrong in ({"generation": C.name}, {"before": {C.name: 100}}):
            assert ledger.progress
            progress = ledger.progress.model_copy(update=wrong)
            with pytest.raises(ValidationError, match="about what does not stand"):
                Ledger.model_validate({**dict(ledger), "progress": progress})


def test_the_first_step_keeps_what_is_live_and_retires_the_others():
    """What was raised and has nothing goes."""
    ledger = Ledger().deployed(A, WHO, NOON).raised(C, WHO, NOON)
    after = ledger.begun(B, Rollout.model_validate({"strategy": "canary"}), WHO, ONE)
    assert {A.name: 95, B.name: 5} == after.standing
    assert after.progress
    assert ({A.name: 100}, B.spec.replicas, ONE, ONE) == (
        after.progress.before,
        after.progress.replicas,
        after.progress.since,
        after.progress.began,
    )


def test_what_was_stopped_is_told_as_retired():
    """And comes back with an abort."""
    ledger = begun(strategy="recreate", pause="0s")
    assert ({}, ["raised", "retired"]) == (
        ledger.standing,
        [record.outcome for record in ledger.remembered],
    )
    assert {A.name: 100} == ledger.aborted(None).standing


def test_there_is_no_step_after_everything():
    """It is finished or aborted then."""
    ledger = begun(bake="10m")
    for _ in range(3):
        ledger = ledger.advanced(ONE)
    with pytest.raises(Refused) as raised:
        ledger.advanced(TWO)
    expected = f"{B.name}: has all of the traffic already\nfix: finish it, or abort it"
    assert expected == str(raised.value)
    assert ({B.name: 100}, None) == (ledger.finished().standing, ledger.finished().progress)


def test_an_abort_quarantines_with_a_reason_alone():
    """And keeps it only if that is asked for."""
    assert {} == begun().aborted(None).quarantined
    for keep, standing in ((False, {A.name: 100}), (True, {A.name: 100, B.name: 0})):
        after = order(begun(), kind="abort", reason="slow", keep=keep)
        assert (standing, {B.name: "slow"}) == (after.standing, after.quarantined)
    assert {A.name: 100} == begun().aborted("slow").standing


def test_what_was_live_before_is_known_as_long_as_it_is_remembered():
    """What never had traffic, or failed, is passed over."""
    ledger = Ledger().deployed(A, WHO, NOON).failed(B, "503", WHO, NOON).deployed(C, WHO, NOON)
    assert (A.name, None) == (ledger.before(C.name), ledger.before(A.name))
    beside = Ledger().deployed(A, WHO, NOON).raised(B, WHO, NOON).raised(C, WHO, NOON)
    assert A.name == beside.before(C.name)


def test_what_is_not_remembered_is_told_with_what_is():
    """Or that nothing is."""
    with pytest.raises(Refused) as raised:
        Ledger().remembered_as("")
    assert "rollback: is not remembered\nfix: remembered: none" == str(raised.value)
    with pytest.raises(Refused) as raised:
        Ledger().deployed(A, WHO, NOON).deployed(B, WHO, NOON).remembered_as("web-0")
    expected = f"web-0: is not remembered\nfix: remembered: {B.name}, {A.name}"
    assert expected == str(raised.value)


def test_ten_generations_are_remembered():
    """Beside those that stand."""
    ledger = Ledger()
    for number in range(REMEMBERED + 3):
        ledger = ledger.deployed(generation(number), WHO, NOON)
    assert 10 == len(ledger.remembered)


def test_what_failed_twice_has_the_last_reason():
    """It is released for the second attempt and quarantined again."""
    once = Ledger().deployed(A, WHO, NOON).failed(B, "503", WHO, NOON)
    twice = once.failed(B, "slow", WHO, ONE, keep=True)
    assert ({B.name: "slow"}, {A.name: 100, B.name: 0}) == (twice.quarantined, twice.standing)
    assert "quarantined" == twice.retired(B.name).remembered[0].outcome


def test_each_record_says_who_and_when():
    """Of the raise, and not of the shift."""
    record = Ledger().deployed(A, "ci@there", ONE).remembered[0]
    assert ("ci@there", ONE, "live") == (record.who, record.when, record.outcome)


def test_a_plain_update_leaves_the_rollout_of_the_same_generation_alone():
    """Another one is contested, and says what is in progress."""
    ledger = begun()
    assert ledger is next_ledger(ledger, B, None, WHO, ONE)
    for asked in (None, Order(kind="deploy", serial=ledger.serial)):
        with pytest.raises(Contested, match=f"the rollout of {B.name} is in progress") as raised:
            next_ledger(ledger, C, asked, WHO, ONE)
        assert "it has 5 % of the traffic" == raised.value.state


def test_nobody_begins_or_goes_back_while_a_rollout_is_in_progress():
    """An undo is no rollout."""
    ledger = begun()
    for words in ({"kind": "rollback", "generation": A.name}, {"kind": "deploy"}):
        with pytest.raises(Contested, match="is in progress"):
            order(ledger, None if words["kind"] == "rollback" else C, **words)
    for kind in ("undo", "retire", "repair"):
        assert ledger is order(ledger, None, kind=kind)


def test_a_contested_order_says_who_was_faster():
    """With what they raised, and when; nothing of that where nobody did."""
    ledger = Ledger().deployed(A, WHO, NOON).deployed(B, "ci@there", ONE)
    with pytest.raises(Contested) as raised:
        next_ledger(ledger, C, Order(kind="deploy", serial=1), WHO, TWO)
    assert raised.value.what.endswith(f", not 1; ci@there raised {B.name} at {ONE}")
    with pytest.raises(Contested) as raised:
        next_ledger(Ledger(serial=4), C, Order(kind="deploy", serial=1), WHO, TWO)
    assert "somebody else has changed it: serial number 4, not 1" == raised.value.what


def test_the_orders_of_a_rollout_are_its_steps():
    """Each on the ledger on which it was decided."""
    ledger = begun()
    assert 25 == order(ledger, kind="advance").standing[B.name]
    held = order(ledger, kind="hold")
    assert held.progress
    assert (True, ONE) == (held.progress.held, held.progress.since)
    released = order(held, kind="release").progress
    assert released
    assert not released.held
    assert {B.name: 100} == order(ledger, kind="finish").standing
    assert {A.name: 100} == order(ledger, kind="abort").standing


def test_a_rollout_begins_with_the_steps_of_the_order_or_of_the_spec():
    """The order's come first."""
    slow = generation(spec=spec(rollout={"strategy": "canary", "steps": (10,)}))
    last = Ledger().deployed(A, WHO, NOON)
    assert 10 == order(last, slow, kind="deploy").standing[slow.name]
    assert 20 == order(last, slow, kind="deploy", wishes={"steps": [20]}).standing[slow.name]


def test_a_forced_rollout_releases_what_is_quarantined():
    """Only that one, and only if it is."""
    last = Ledger().deployed(A, WHO, NOON).failed(B, "503", WHO, NOON).failed(C, "slow", WHO, NOON)
    assert {C.name: "slow"} == order(last, B, kind="deploy", force=True).quarantined
    assert {A.name: 100} == order(last, A, kind="deploy", force=True).standing


def test_the_undo_of_a_rollback_quarantines_what_should_have_come_back():
    """It needs no spec; without a reason nothing is changed."""
    last = Ledger().deployed(A, WHO, NOON).deployed(B, WHO, NOON)
    undone = order(last, kind="undo", generation=A.name, reason="503", keep=True)
    assert ({A.name: "503"}, {B.name: 100, A.name: 0}) == (undone.quarantined, undone.standing)
    assert last is order(last, kind="undo", generation=A.name)


def test_an_undo_and_a_rollback_without_a_reason_say_something():
    """The ledger never has an empty one."""
    last = Ledger().deployed(A, WHO, NOON).deployed(B, WHO, NOON)
    assert {C.name: "failed"} == order(last, C, kind="undo").quarantined
    back = order(last, kind="rollback", generation=A.name)
    assert {B.name: "rolled back"} == back.quarantined
    assert ["live", "quarantined"] == [record.outcome for record in back.remembered]


def test_without_a_spec_and_an_order_nothing_changes():
    """There is nothing to declare but what is."""
    last = Ledger().deployed(A, WHO, NOON)
    assert last is next_ledger(last, None, None, WHO, ONE)


@pytest.mark.parametrize(
    ("words", "needs"),
    [
        ({"kind": "deploy"}, True),
        ({"kind": "advance"}, False),
        ({"kind": "undo"}, False),
        ({"kind": "undo", "reason": "503"}, True),
        ({"kind": "undo", "reason": "503", "generation": "web-0"}, False),
    ],
)
def test_only_what_raises_needs_the_spec(words: dict[str, object], needs: bool):
    """Whatever else is done works with an image that is gone."""
    assert needs == Order.model_validate({"serial": 1, **words}).needs_spec


def test_an_order_for_no_service_is_for_all():
    """As where a stack has one."""
    text = Order(kind="deploy", serial=3).model_dump_json()
    given = Order.given("api", {"REHOUSE_ORDER": text})
    assert given
    assert (3, False, False) == (given.serial, given.force, given.keep)
