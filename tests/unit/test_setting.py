"""A key of the configuration stays as a rollout set it only where the rollout came to something."""

# ruff: noqa: SIM300

import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import pytest

from rehouse.cli.rollout.deploy import deploy
from rehouse.cli.rollout.setting import setting
from rehouse.components.errors import Contested, OutOfReach, Refused, Undone, Wrong
from tests.unit.fake_engine import FakeEngine
from tests.unit.makers import generation, spec


@dataclass
class Configured(FakeEngine):
    """Its program makes as many replicas as the configuration says, two where it says nothing."""

    values: dict[str, Any] = field(default_factory=dict)
    rollout: dict[str, Any] = field(default_factory=dict)
    reads: bool = True
    lost: bool = False  # the state backend, once something is set

    def label(self) -> str:
        return "shop/dev"

    def config(self) -> dict[str, Any]:
        return dict(self.values)

    def set_config(self, key: str, value: str | None) -> None:
        self.values = {k: v for k, v in self.values.items() if k != f"shop:{key}"}
        self.values |= {f"shop:{key}": value} if value is not None else {}
        self.read()

    def ledgers(self) -> Any:
        if self.lost and self.values:
            raise OutOfReach("engine", "the backend is gone", "mount it")
        return super().ledgers()

    def read(self) -> None:
        replicas = int(self.values.get("shop:replicas", 2)) if self.reads else 2
        self.spec = generation(spec=spec(replicas=replicas, rollout=self.rollout))


@pytest.fixture
def engine() -> Configured:
    """Two replicas are live, and the configuration says nothing of them."""
    made = Configured()
    made.read()
    deploy(made, None)
    return made


def test_what_becomes_live_stays_set(engine: Configured):
    """And a plain update has nothing to do."""
    with three(engine):
        deploy(engine, None, expected={"replicas": 3})
    assert ({"shop:replicas": "3"}, 3) == (engine.values, len(engine.standing))
    assert_nothing_to_do(engine)


def test_what_fails_is_put_back(engine: Configured):
    """The key is gone again, as it was; a plain update has nothing to do."""
    engine.sick = {generation(spec=spec(replicas=3)).name}
    with pytest.raises(Undone), three(engine):
        deploy(engine, None)
    assert ({}, 2) == (engine.values, len(engine.standing))
    assert_nothing_to_do(engine)


def test_the_value_from_before_is_put_back(engine: Configured):
    """Not the default, if there was one."""
    engine.set_config("replicas", "2")
    with pytest.raises(Contested), three(engine):
        raise Contested("stack", "is held by somebody", "wait")
    assert {"shop:replicas": "2"} == engine.values


def test_a_signal_puts_it_back_too(engine: Configured):
    """Whatever ends the command."""
    with pytest.raises(KeyboardInterrupt), three(engine):
        raise KeyboardInterrupt
    assert {} == engine.values


def test_a_signal_while_it_is_set_puts_it_back(engine: Configured, monkeypatch: pytest.MonkeyPatch):
    """The engine was asked to end, and had set it already."""
    monkeypatch.setattr(engine, "read", interrupted_once())
    with pytest.raises(KeyboardInterrupt), three(engine):
        pytest.fail("it has begun")
    assert {} == engine.values


def test_a_second_signal_does_not_end_the_putting_back(
    engine: Configured, monkeypatch: pytest.MonkeyPatch, signals: None
):
    """It would leave the key as it was set; the first one ends the command."""
    with pytest.raises(Refused), three(engine):
        _end_and_be_hurried(engine, monkeypatch)
    assert {} == engine.values


def test_what_is_in_progress_stays_set(engine: Configured):
    """The next command goes on with it, and needs what the program was told."""
    engine.rollout = {"strategy": "canary", "pause": "promote"}
    with pytest.raises(Refused), three(engine):
        _begin_and_end(engine)
    assert {"shop:replicas": "3"} == engine.values
    assert_nothing_to_do(engine)


def test_a_program_that_does_not_read_the_key_is_told(engine: Configured):
    """Before anything is touched, and with what to write."""
    engine.reads = False
    with pytest.raises(Wrong, match="is 3, and the program makes 2") as raised, three(engine):
        deploy(engine, None, expected={"replicas": 3})
    assert ("configuration key replicas", {}) == (raised.value.where, engine.values)


def test_what_cannot_be_put_back_is_said_beside_the_first_error(
    engine: Configured, capsys: pytest.CaptureFixture[str]
):
    """The first error is the one that ends the command."""
    engine.lost = True
    with pytest.raises(OutOfReach, match="disk full"), three(engine):
        raise OutOfReach("engine", "disk full", "make room")
    assert "configuration key replicas could not be put back" in capsys.readouterr().err


def test_without_a_value_nothing_is_set(engine: Configured):
    """The key is left as it is, and nobody is asked."""
    with setting(engine, None, "replicas", None):
        assert {} == engine.values


def interrupted_once() -> Callable[[], None]:
    """Does so when it is called first, and nothing later."""
    pending = [KeyboardInterrupt()]

    def call() -> None:
        if pending:
            raise pending.pop()

    return call


def three(engine: Configured) -> AbstractContextManager[None]:
    return setting(engine, "web", "replicas", "3")


def _begin_and_end(engine: Configured) -> None:
    assert deploy(engine, None).progress
    raise Refused("rollout", "was interrupted between two steps", "resume it")


def _end_and_be_hurried(engine: Configured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "read", lambda: os.kill(os.getpid(), signal.SIGINT))
    raise Refused("rollout", "was interrupted", "resume it")


def assert_nothing_to_do(engine: Configured) -> None:
    before = (engine.ledger, dict(engine.standing))
    assert engine.up().well
    assert before == (engine.ledger, engine.standing)
