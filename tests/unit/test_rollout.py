"""The order of events: what is asked of the engine one after the other, and what stands when that fails."""

# ruff: noqa: SIM300

from typing import Any

import pytest

from rehouse.cli.rollout.deploy import deploy, rollback
from rehouse.cli.rollout.moment import Kind
from rehouse.cli.rollout.stages import abort, advance, decide, follow
from rehouse.cli.rollout.updates import Done
from rehouse.components.errors import Contested, NotUndone, OutOfReach, Refused, Undone, Wrong
from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger
from tests.unit.fake_engine import Ended, FakeEngine, declared, out_of_reach, servers
from tests.unit.makers import generation, spec


def of(number: int, replicas: int = 2, **rollout: object) -> Generation:
    made = spec(env={"N": str(number)}, replicas=replicas, rollout=rollout)
    return generation(spec=made)


A, B = of(0), of(1)


@pytest.fixture
def engine() -> FakeEngine:
    """A is live."""
    made = FakeEngine(A)
    deploy(made, None)
    made.updates.clear()
    return made


def test_the_first_deploy_is_one_update():
    """Also where the strategy has steps: there is nothing to compare with."""
    engine = FakeEngine(of(0, strategy="canary"))
    done = deploy(engine, None)
    assert (["deploy"], 100, None) == (engine.updates, *done.standing.values(), done.progress)


def test_blue_green_is_one_update(engine: FakeEngine):
    """Raised, proven, shifted and retired in one."""
    engine.spec = B
    done = deploy(engine, None)
    assert ((A.name,), (B.name,), True) == (done.before, done.live, done.changed)
    assert (["deploy"], consistent(engine)) == (engine.updates, True)


def test_deploying_the_same_again_changes_nothing(engine: FakeEngine):
    """Not even the serial number."""
    before = engine.ledger
    assert not deploy(engine, None).changed
    assert before is engine.ledger


def test_what_does_not_get_well_is_undone_and_quarantined(engine: FakeEngine):
    """What was live was never touched; the reason is one line."""
    engine.spec, engine.sick, before = B, {B.name}, dict(engine.standing)
    with pytest.raises(Undone, match="answers 503") as raised:
        deploy(engine, None)
    assert (10, ["deploy", "undo"]) == (raised.value.exit_code, engine.updates)
    assert ({B.name: "answers 503"}, before) == (engine.ledger.quarantined, engine.standing)
    assert f"{A.name} is live, nothing of {B.name} is left" == raised.value.state


def test_what_is_kept_stands_without_traffic_until_the_next_deploy(engine: FakeEngine):
    """It has no server; a plain update leaves it where it is."""
    engine.spec, engine.sick = B, {B.name}
    with pytest.raises(Undone, match="answers 503") as raised:
        deploy(engine, None, keep=True)
    assert "to be looked at" in str(raised.value.state)
    assert ({A.name: 100, B.name: 0}, consistent(engine)) == (engine.ledger.standing, True)
    engine.up()
    assert {A.name: 100, B.name: 0} == engine.ledger.standing
    engine.spec = of(2)
    deploy(engine, None)
    assert [engine.spec.name] == list(engine.ledger.standing)
    assert "quarantined" == engine.ledger.remembered[1].outcome


def test_a_deploy_of_what_is_live_takes_away_what_was_kept(engine: FakeEngine):
    """That changes the ledger, and not who is live: it is no quarrel with somebody else."""
    engine.spec, engine.sick = B, {B.name}
    with pytest.raises(Undone):
        deploy(engine, None, keep=True)
    engine.spec = A
    assert not deploy(engine, None).changed
    assert ({A.name: 100}, True) == (engine.ledger.standing, consistent(engine))


def test_a_quarantined_one_is_refused_unless_forced(engine: FakeEngine):
    """Before anything is touched."""
    engine.spec, engine.sick = B, {B.name}
    with pytest.raises(Undone):
        deploy(engine, None)
    engine.updates.clear()
    with pytest.raises(Refused, match="is quarantined: answers 503"):
        deploy(engine, None)
    assert [] == engine.updates
    engine.sick.clear()
    assert (B.name,) == deploy(engine, None, force=True).live


def test_other_failures_do_not_quarantine(engine: FakeEngine):
    """The same generation may be tried again."""
    engine.spec, engine.at = B, out_of_reach("created")
    with pytest.raises(Undone, match="does not answer"):
        deploy(engine, None)
    assert ({}, True) == (engine.ledger.quarantined, consistent(engine))
    assert deploy(engine, None).changed


def test_after_the_shift_it_is_finished(engine: FakeEngine):
    """The traffic has moved: what could not be retired is retired by a second update."""
    engine.spec, engine.at = B, out_of_reach("retiring")
    assert (B.name,) == deploy(engine, None).live
    assert (["deploy", "retire"], True) == (engine.updates, consistent(engine))


def test_what_cannot_be_finished_says_what_has_the_traffic(engine: FakeEngine):
    """Exit code 11: a person is needed."""
    engine.spec, engine.at = B, always_out_of_reach("retiring")
    with pytest.raises(NotUndone, match="could not be removed") as raised:
        deploy(engine, None)
    assert (11, f"{B.name} is live") == (raised.value.exit_code, raised.value.state)


def test_what_cannot_be_undone_says_so(engine: FakeEngine):
    """Exit code 11, both reasons, and what keeps the traffic."""
    engine.spec, engine.at = B, always_out_of_reach("created")
    with pytest.raises(NotUndone, match="the undo failed as well") as raised:
        deploy(engine, None)
    assert f"{A.name} is live and keeps all traffic" in str(raised.value.state)


def test_what_the_program_cannot_read_touches_nothing(engine: FakeEngine):
    """Its own exit code and its own way out; there is nothing to undo."""
    engine.spec, engine.unreadable = B, {"deploy"}
    with pytest.raises(OutOfReach, match="its command failed") as raised:
        deploy(engine, None)
    assert (13, "run it by hand", []) == (
        raised.value.exit_code,
        raised.value.fix,
        engine.updates,
    )
    assert f"nothing has changed; {A.name} is live" == raised.value.state


def test_an_undo_does_without_the_spec_where_that_cannot_be_read(engine: FakeEngine):
    """A secret's source has gone meanwhile: what was live is live again, and nothing is quarantined."""
    engine.spec, engine.sick, engine.unreadable = B, {B.name}, {"undo"}
    with pytest.raises(Undone, match="answers 503") as raised:
        deploy(engine, None)
    assert f"{A.name} is live, nothing of {B.name} is left" == raised.value.state
    assert ({}, True) == (engine.ledger.quarantined, consistent(engine))


def test_what_would_patch_is_refused(engine: FakeEngine):
    """With the instance and the property named; what the spec says is live, and no update has changed it."""
    engine.patching, before = [(f"{A.name}-0", ["image"])], engine.ledger
    with pytest.raises(Refused, match=rf"{A.name}-0 \(image\)"):
        deploy(engine, None)
    assert before is engine.ledger
    engine.spec = B
    assert deploy(engine, None).changed


def test_somebody_elses_change_is_left_alone(engine: FakeEngine):
    """They deployed between our preview and our update: nothing is finished or undone."""
    engine.spec = B

    def other(_point: str) -> None:
        raise Contested("ledger", "somebody else has changed it", "look")

    engine.at = other
    with pytest.raises(Contested):
        deploy(engine, None)
    assert ["deploy"] == engine.updates


def test_a_rollback_is_one_update(engine: FakeEngine):
    """To what was live before, where nothing is named; what it leaves is quarantined with the reason."""
    engine.spec = B
    deploy(engine, None)
    done = rollback(engine, None, None, "too slow", None)
    assert ((A.name,), {B.name: "too slow"}) == (done.live, engine.ledger.quarantined)
    assert consistent(engine)


def test_a_rollback_passes_over_what_was_only_called_off(engine: FakeEngine):
    """A canary that never had all of the traffic is not what was live before, however new it is."""
    engine.spec = B
    deploy(engine, None)
    engine.spec = of(2, strategy="canary")
    deploy(engine, None)
    abort(engine, None, None, None)
    assert (A.name,) == rollback(engine, None, None, None, None).live


def test_what_was_only_called_off_may_be_gone_back_to_by_name(engine: FakeEngine):
    """It was not bad."""
    engine.spec = of(2, strategy="canary")
    deploy(engine, None)
    abort(engine, None, None, None)
    done = rollback(engine, None, engine.spec.name, None, None)
    assert ((engine.spec.name,), None) == (done.live, done.progress)


def test_a_rollback_where_all_others_were_called_off_is_refused(engine: FakeEngine):
    """Nothing was live before."""
    engine.spec = of(2, strategy="canary")
    deploy(engine, None)
    abort(engine, None, None, None)
    with pytest.raises(Refused, match="no generation was live before"):
        rollback(engine, None, None, None, None)


def test_a_rollback_to_nowhere_is_refused(engine: FakeEngine):
    """Nothing was live before."""
    with pytest.raises(Refused, match="no generation was live before"):
        rollback(engine, None, None, None, None)


def test_a_rollback_that_fails_is_undone(engine: FakeEngine):
    """What was live stays live."""
    engine.spec = B
    deploy(engine, None)
    engine.sick = {A.name}
    with pytest.raises(Undone):
        rollback(engine, None, None, None, None)
    assert ((B.name,), True) == (engine.ledger.live, consistent(engine))


def test_another_service_is_wrong(engine: FakeEngine):
    """The known ones are named."""
    with pytest.raises(Wrong, match="known: web"):
        deploy(engine, "shop")
    assert [] == engine.updates


def test_the_first_deploy_beside_another_service_is_undone_like_any():
    """The stack knows of a neighbour, and not yet of what is deployed."""
    engine = FakeEngine(A, neighbours={"api": Ledger(serial=3)}, sick={A.name})
    with pytest.raises(Undone, match="answers 503"):
        deploy(engine, "web")
    assert (["deploy", "undo"], {}) == (engine.updates, engine.standing)
    engine.sick.clear()
    assert deploy(engine, "web", force=True).changed


def test_a_service_that_the_program_declares_no_more_is_not_undone(engine: FakeEngine):
    """An undo would declare as little as the deploy did: what the provider refused is told."""
    engine.neighbours = {"api": Ledger(serial=3)}
    gone = Ended(Refused("service api", "would be deleted", "declare it"))
    engine.up = lambda *_words: gone  # type: ignore[method-assign]
    with pytest.raises(Refused, match="would be deleted"):
        deploy(engine, "api")


def test_somebody_else_between_a_failure_and_its_undo_is_told_with_the_failure(engine: FakeEngine):
    """12: what failed is not undone by us; what they did decides."""
    engine.spec, engine.sick = B, {B.name}

    def other(point: str) -> None:
        if "undo" in engine.updates:
            raise Contested("stack", "is held by ci@there", "wait")

    engine.at = other
    with pytest.raises(Contested, match="answers 503") as raised:
        deploy(engine, None)
    assert "and it is not undone: is held by ci@there" in raised.value.what
    assert f"something of {B.name} may stand" in str(raised.value.state)


def test_a_canary_goes_step_by_step(engine: FakeEngine):
    """5, 25 and 50 percent, each watched; the last step retires the old one in the same update."""
    engine.spec = of(1, strategy="canary")
    seen = [deploy(engine, None).standing[engine.spec.name]]

    def watch(_name: str, ledger: Ledger, _seconds: float) -> None:
        seen.append(ledger.standing[str(engine.spec and engine.spec.name)])

    done = follow(engine, None, watch)
    assert [5, 5, 25, 50] == seen
    assert (["deploy", "advance", "advance", "finish"], None) == (engine.updates, done.progress)
    assert ((engine.spec.name,), True) == (done.live, consistent(engine))


def test_a_canary_that_is_not_well_is_undone(engine: FakeEngine):
    """At the step where it shows; the old one has everything again."""
    engine.spec = of(1, strategy="canary")
    deploy(engine, None)
    with pytest.raises(Undone, match="7 of 100 requests failed") as raised:
        follow(engine, None, lambda _name, _ledger, _seconds: "7 of 100 requests failed")
    assert f"{A.name} is live, nothing of {engine.spec.name} is left" == raised.value.state
    assert {engine.spec.name: "7 of 100 requests failed"} == engine.ledger.quarantined
    assert ({A.name: 100}, True) == (engine.ledger.standing, consistent(engine))


def test_a_bake_keeps_the_old_one_warm(engine: FakeEngine):
    """It has no traffic and stands; then it is retired."""
    engine.spec = of(1, bake="10m")
    done = deploy(engine, None)
    assert {A.name: 0, engine.spec.name: 100} == done.standing
    assert 4 == len(engine.standing)
    waited = []
    follow(engine, None, lambda _name, _ledger, seconds: waited.append(seconds))
    assert (1, True) == (len(waited), 590 < waited[0] <= 600)
    assert (["deploy", "finish"], True) == (engine.updates, consistent(engine))


def test_a_rollback_while_it_bakes_starts_nothing(engine: FakeEngine):
    """What was kept warm has the traffic again, as it is."""
    before = dict(engine.standing)
    engine.spec = of(1, bake="10m")
    deploy(engine, None)
    rollback(engine, None, None, None, None)
    assert (before, {A.name: 100}) == (engine.standing, engine.ledger.standing)


def test_promote_waits_for_a_person(engine: FakeEngine):
    """follow returns at once, with where it stands; each promote is one step."""
    engine.spec = of(1, strategy="canary", pause="promote")
    deploy(engine, None)
    standing = [follow(engine, None, never).standing[engine.spec.name]]
    standing += [advance(engine, None, None).standing[engine.spec.name] for _ in range(3)]
    assert [5, 25, 50, 100] == standing
    assert engine.ledger.progress is None


def test_a_held_rollout_waits_until_it_is_released(engine: FakeEngine):
    """Although its steps have a time."""
    engine.spec = of(1, strategy="canary")
    deploy(engine, None)
    decide(engine, None, "hold", None)
    assert 5 == follow(engine, None, never).standing[engine.spec.name]
    decide(engine, None, "release", None)
    assert follow(engine, None, lambda *_: None).progress is None


def test_what_a_person_was_waited_for_does_not_count(engine: FakeEngine):
    """The deadline bounds the rollout and not people."""
    engine.spec = of(1, strategy="canary", pause="promote", deadline="1s")
    deploy(engine, None)
    set_back(engine, since=OLD, began=OLD)
    assert 25 == advance(engine, None, None).standing[engine.spec.name]


def test_what_a_person_was_waited_for_does_not_end_a_step(engine: FakeEngine):
    """Whatever they decide after the deadline alone would be over is done, and not stopped at once."""
    decided: tuple[tuple[Kind, int], ...] = (("advance", 25), ("hold", 5), ("release", 5))
    for kind, share in decided:
        engine.spec = of(1, strategy="canary", pause="promote", deadline="1s")
        deploy(engine, None)
        set_back(engine, since=OLD, began=OLD)
        assert share == decide(engine, None, kind, None).standing[engine.spec.name]
        abort(engine, None, None, None)


def test_a_rollout_that_was_held_past_its_deadline_goes_on(engine: FakeEngine):
    """Its steps have a time, and the time it was held does not count."""
    engine.spec = of(1, strategy="canary", deadline="1h")
    deploy(engine, None)
    decide(engine, None, "hold", None)
    set_back(engine, since=OLD, began=OLD)
    decide(engine, None, "release", None)
    assert (engine.spec.name,) == follow(engine, None, lambda *_: None).live


def test_a_rollout_whose_command_died_is_undone_by_whoever_resumes_it_late(engine: FakeEngine):
    """Nobody was waited for: the time is over, and the reason says so."""
    engine.spec = of(1, strategy="canary", deadline="1h")
    deploy(engine, None)
    set_back(engine, since=OLD, began=OLD)
    decide(engine, None, "release", None)
    with pytest.raises(Undone, match=r"took longer than rollout.deadline, 3600 s"):
        follow(engine, None, lambda *_: None)
    assert ({A.name: 100}, True) == (engine.ledger.standing, consistent(engine))


def test_a_step_that_a_person_takes_past_the_deadline_is_an_undo(engine: FakeEngine):
    """It is not begun, and quarantined for what it is."""
    engine.spec = of(1, strategy="canary", deadline="1h")
    deploy(engine, None)
    set_back(engine, since=OLD, began=OLD)
    with pytest.raises(Undone, match=r"took longer than rollout.deadline, 3600 s"):
        advance(engine, None, None)
    assert ["deploy", "abort"] == engine.updates
    assert engine.ledger.quarantined[engine.spec.name].startswith("took longer")


def test_a_rollout_past_its_deadline_is_undone(engine: FakeEngine):
    """Whatever it was watched for."""
    engine.spec = of(1, strategy="canary", deadline="1h")
    deploy(engine, None)
    set_back(engine, began=OLD)
    with pytest.raises(Undone, match=r"took longer than rollout.deadline, 3600 s"):
        follow(engine, None, lambda *_: None)
    assert consistent(engine)


def test_rolling_raises_as_many_as_it_may(engine: FakeEngine):
    """Of three instances with a surge of one there are never more than four, and the shares follow."""
    engine.spec = of(5, replicas=3)
    deploy(engine, None)
    engine.spec = of(6, replicas=3, strategy="rolling")
    most = []
    engine.at = lambda point: most.append(len(engine.standing)) if point == "created" else None
    deploy(engine, None)
    shares = [engine.ledger.standing[engine.spec.name]]
    follow(engine, None, lambda *_: shares.append(engine.ledger.standing[str(wanted(engine))]))
    assert ([33, 33, 66], [4, 4, 4]) == (shares, most)
    assert consistent(engine)


def test_rolling_that_fails_raises_the_old_ones_again(engine: FakeEngine):
    """As many as there were, through their gate."""
    engine.spec = of(6, strategy="rolling")
    deploy(engine, None)
    engine.sick = {engine.spec.name}
    with pytest.raises(Undone, match="answers 503"):
        follow(engine, None, lambda *_: None)
    assert ({A.name: 100}, 2, True) == (
        engine.ledger.standing,
        len(engine.standing),
        consistent(engine),
    )


def test_recreate_stops_before_it_raises(engine: FakeEngine):
    """Between the two updates nothing stands."""
    engine.spec = of(7, strategy="recreate")
    deploy(engine, None)
    assert ({}, {}) == (engine.standing, engine.weights)
    follow(engine, None, lambda *_: None)
    assert ((engine.spec.name,), True) == (engine.ledger.live, consistent(engine))


def test_recreate_that_fails_brings_back_what_it_stopped(engine: FakeEngine):
    """Through its gate, and the reason is kept."""
    engine.spec = of(7, strategy="recreate")
    engine.sick = {engine.spec.name}
    deploy(engine, None)
    with pytest.raises(Undone, match="answers 503"):
        follow(engine, None, lambda *_: None)
    assert ({A.name: 100}, True) == (engine.ledger.standing, consistent(engine))
    assert {engine.spec.name: "answers 503"} == engine.ledger.quarantined


def test_an_abort_that_fails_needs_a_person(engine: FakeEngine):
    """Exit code 11, with what to type."""
    engine.spec = of(1, strategy="canary")
    deploy(engine, None)
    engine.at = always_out_of_reach("begin")
    with pytest.raises(NotUndone, match="could not be undone") as raised:
        abort(engine, None, "slow", None)
    assert "then: rehouse abort" in raised.value.fix


def test_a_step_that_fails_after_the_shift_is_finished(engine: FakeEngine):
    """The ledger says so."""
    engine.spec = of(1, strategy="canary", pause="promote")
    deploy(engine, None)
    engine.at = out_of_reach("retiring")
    assert 25 == advance(engine, None, None).standing[engine.spec.name]


def test_a_step_that_a_person_took_and_that_fails_changes_nothing(engine: FakeEngine):
    """They may take it again, or abort."""
    engine.spec = of(1, strategy="canary", pause="promote")
    deploy(engine, None)
    engine.at = out_of_reach("begin")
    with pytest.raises(OutOfReach, match="does not answer") as raised:
        advance(engine, None, None)
    assert f"{A.name}, {engine.spec.name} is live" == raised.value.state


def test_a_step_that_fails_half_way_is_taken_back(engine: FakeEngine):
    """The router may have its new weights already: it gets the old ones again."""
    engine.spec = of(1, strategy="canary", pause="promote")
    deploy(engine, None)
    engine.at = out_of_reach("shifted")
    with pytest.raises(OutOfReach):
        advance(engine, None, None)
    assert consistent(engine)


@pytest.mark.parametrize("strategy", ["rolling", "recreate"])
def test_a_step_that_a_person_took_and_that_is_not_well_is_undone(
    engine: FakeEngine, strategy: str
):
    """What was live is live alone, as the exit code says: also where it had to make room first."""
    engine.spec = of(8, replicas=2, strategy=strategy, pause="promote")
    deploy(engine, None)
    engine.sick = {engine.spec.name}
    with pytest.raises(Undone, match="answers 503") as raised:
        advance(engine, None, None)
    assert f"{A.name} is live, nothing of {engine.spec.name} is left" == raised.value.state
    assert {engine.spec.name: "answers 503"} == engine.ledger.quarantined
    assert ({A.name: 100}, True) == (engine.ledger.standing, consistent(engine))


def test_what_is_finished_is_what_was_asked_for(engine: FakeEngine):
    """A rollback whose last deletions failed does not deploy what the spec says meanwhile."""
    engine.spec = B
    deploy(engine, None)
    engine.spec, engine.at = of(2), out_of_reach("retiring")
    assert (A.name,) == rollback(engine, None, None, None, None).live
    assert consistent(engine)


def test_a_decision_where_nothing_is_in_progress_is_refused(engine: FakeEngine):
    """Before anything is touched."""
    with pytest.raises(Refused, match="none is in progress"):
        decide(engine, None, "hold", None)
    assert [] == engine.updates


def test_a_watcher_never_decides_about_somebody_elses_rollout(engine: FakeEngine):
    """While it watched another machine went on: its own step is contested."""
    engine.spec = of(1, strategy="canary")
    deploy(engine, None)

    def meanwhile(*_: object) -> None:
        advance(engine, None, None)

    with pytest.raises(Contested):
        follow(engine, None, meanwhile)
    assert 25 == engine.ledger.standing[engine.spec.name]


@pytest.mark.parametrize("after", [{}, {"strategy": "canary"}])
def test_what_somebody_else_aborted_is_not_called_done(engine: FakeEngine, after: dict[str, Any]):
    """Before it was followed, whether or not they began another one since: the exit code says so."""
    engine.spec = of(1, strategy="canary")
    begun = deploy(engine, None)
    abort(engine, None, "slow", None)
    if after:
        engine.spec = of(2, **after)
        deploy(engine, None)
    engine.updates.clear()
    with pytest.raises(Contested, match="somebody else has ended that of") as raised:
        follow(engine, None, never, generation=on_its_way(begun))
    live = ", ".join(engine.ledger.live)
    assert (12, f"{live} is live", []) == (
        raised.value.exit_code,
        raised.value.state,
        engine.updates,
    )


def test_what_somebody_else_aborted_between_two_steps_is_not_called_done(engine: FakeEngine):
    """After ours was taken, and before the next is looked at."""
    engine.spec = of(1, strategy="canary")
    deploy(engine, None)

    def meanwhile(point: str) -> None:
        if point == "written" and engine.updates[-1] == "advance":
            abort(engine, None, "slow", None)

    engine.at = meanwhile
    with pytest.raises(Contested, match=f"somebody else has ended that of {engine.spec.name}"):
        follow(engine, None, lambda *_: None)
    assert (A.name,) == engine.ledger.live


def test_what_somebody_else_brought_to_its_end_is_done(engine: FakeEngine):
    """It is what was asked for, whoever took the last step."""
    engine.spec = of(1, strategy="canary")
    begun = deploy(engine, None)
    while engine.ledger.progress:
        advance(engine, None, None)
    done = follow(engine, None, never, generation=on_its_way(begun))
    assert ((engine.spec.name,), None) == (done.live, done.progress)


def on_its_way(begun: Done) -> str:
    assert begun.progress
    return begun.progress.generation


def never(*_: object) -> str | None:
    raise AssertionError("nothing is watched while a person is waited for")


OLD = "2026-01-01T00:00:00+00:00"


def set_back(engine: FakeEngine, **when: str) -> None:
    """The rollout in progress, as if it had begun then."""
    assert engine.ledger.progress
    progress = engine.ledger.progress.model_copy(update=when)
    engine.ledger = engine.ledger.model_copy(update={"progress": progress})


def wanted(engine: FakeEngine) -> str | None:
    return engine.spec.name if engine.spec else None


def always_out_of_reach(point: str):
    def at(now: str) -> None:
        if now == point:
            raise OutOfReach("docker", "does not answer", "start it")

    return at


def consistent(engine: FakeEngine) -> bool:
    """What stands and what the router knows is what the ledger says."""
    assert sorted(declared(engine.ledger)) == sorted(engine.standing)
    assert servers(engine.ledger) == engine.weights
    return True
