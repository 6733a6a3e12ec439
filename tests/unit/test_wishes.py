"""Options change how one rollout goes, and never what it is that is rolled out."""

# ruff: noqa: SIM300

import pytest

from rehouse.cli.rollout.deploy import deploy
from rehouse.cli.rollout.stages import advance
from rehouse.components.errors import Wrong
from rehouse.components.spec import Rollout
from rehouse.components.wishes import overridden, wished
from tests.unit.fake_engine import FakeEngine
from tests.unit.makers import generation, spec

SPEC = Rollout.model_validate({"drain": "5s", "bake": "10m"})
CANARY = {"strategy": "canary", "steps": [10, 50], "pause": "promote"}


def test_only_what_is_given_is_wished_for():
    """The rest is as the spec says."""
    assert {} == wished(None, None, None, None)
    wishes = wished("canary", "10, 50", "promote", None)
    found = overridden(SPEC, wishes)
    assert ("canary", (10, 50), None) == (found.strategy, found.steps, found.pause)
    assert (5.0, 600.0) == (found.drain, found.bake)
    assert SPEC is overridden(SPEC, {})


def test_another_strategy_has_its_own_pause():
    """That of the spec was meant for another one."""
    assert (0.0, 60.0) == (SPEC.pause, overridden(SPEC, {"strategy": "canary"}).pause)
    paused = Rollout.model_validate({"strategy": "canary", "pause": "5m"})
    assert 300.0 == overridden(paused, {"strategy": "canary", "steps": [10]}).pause


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("slow", None, None, None), "options: strategy: must be 'blue-green'"),
        (("canary", "5,x", None, None), "options: steps"),
        (("canary", "50,5", None, None), "must rise from step to step"),
        ((None, None, "soon", None), "options: pause: must be a duration"),
        ((None, None, None, "48h"), "options: bake: is too large"),
    ],
)
def test_what_no_spec_could_say_is_wrong(words: tuple[str | None, ...], told: str):
    """By its key, before any engine is asked."""
    with pytest.raises(Wrong, match=told):
        wished(*words)


@pytest.mark.parametrize("words", [("slow", None), (None, "50,10"), ("slow", "50,10")])
def test_only_what_is_wrong_is_told(words: tuple[str | None, str | None]):
    """A pause that cannot be known, for want of a strategy, is no error of its own."""
    with pytest.raises(Wrong) as raised:
        wished(*words, None, None)
    told = str(raised.value)
    assert (len([each for each in words if each]), 0) == (told.count("fix: "), told.count("pause"))


@pytest.mark.parametrize("wishes", [{"steps": [5]}, {"pause": "1m"}])
def test_what_would_have_no_meaning_is_wrong(wishes: dict[str, object]):
    """All of the traffic goes at once: there are no steps to be wished for."""
    with pytest.raises(Wrong, match="blue-green has no"):
        overridden(SPEC, wishes)


def test_the_generation_is_the_same_and_the_ledger_keeps_how_it_goes():
    """So another machine takes the next step as it was wished; then a plain update has nothing to do."""
    engine = FakeEngine(generation(0))
    deploy(engine, None)
    engine.spec = wanted = generation(1)
    progress = deploy(engine, None, wishes=CANARY).progress
    assert progress
    assert (wanted.name, 10) == (progress.generation, progress.share)
    assert spec().rollout == engine.ledger.remembered[0].generation.spec.rollout
    assert [50, None] == [_share(engine), _share(engine)]
    before = engine.ledger
    engine.up()
    assert ((wanted.name,), before) == (engine.ledger.live, engine.ledger)


def test_a_canary_can_be_deployed_at_once():
    """One update, where the spec wants several."""
    engine = FakeEngine(generation(0))
    deploy(engine, None)
    engine.spec = generation(spec=spec(rollout={"strategy": "canary"}))
    assert deploy(engine, None, wishes={"strategy": "blue-green"}).progress is None


def _share(engine: FakeEngine) -> int | None:
    progress = advance(engine, None, None).progress
    return progress.share if progress else None
