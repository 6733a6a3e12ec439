"""What a killed update left is taken away after the next one, which went well also where that fails."""

# ruff: noqa: SIM300

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from rehouse.cli.state import leftovers
from rehouse.cli.state.leftovers import FORGET, clear
from rehouse.components.errors import Contested, OutOfReach, RehouseError
from rehouse.components.reality import Thing
from rehouse.components.site import Daemon

NAME = "web-1111111-0-abc1234"
CREATION = {
    "type": "docker:index/container:Container",
    "urn": "urn:pulumi:dev::shop::docker:index/container:Container::web-1111111-0",
    "inputs": {"name": NAME},
}
PENDING = [{"type": "creating", "resource": CREATION}, {"type": "deleting", "resource": CREATION}]
AWAY = OutOfReach("docker", "does not answer", "start it")


class Stack:
    """An engine and a Docker daemon in one, where an update was killed; one of its parts *fails*, with an error."""

    def __init__(self, fails: str = "", error: Exception = AWAY) -> None:
        self.fails, self.error = fails, error
        self.things = [Thing(kind="container", id="1", name=NAME, labels={})]
        self.done: list[str] = []

    def may_fail(self, part: str) -> None:
        if part == self.fails:
            raise self.error

    def deployment(self) -> dict[str, Any]:
        self.may_fail("deployment")
        return {"pending_operations": PENDING}

    def resources(self) -> list[dict[str, Any]]:
        self.may_fail("resources")
        return []

    def label(self) -> str:
        return "shop/dev"

    def had_alone(self, *more: str) -> None:
        self.may_fail("forget" if more else "alone")
        self.done += more

    @contextmanager
    def machines(self, daemons: Iterable[Daemon]) -> Iterator[dict[Daemon, "Stack"]]:
        self.may_fail("connect")
        yield dict.fromkeys(daemons, self)

    def labelled(self, _labels: Mapping[str, str]) -> list[Thing]:
        self.may_fail("look")
        return self.things

    def remove(self, thing: Thing) -> None:
        self.may_fail("remove")
        self.things.remove(thing)
        self.done.append(thing.name)


def cleared(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setattr(leftovers, "machines", stack.machines)
    clear(stack, stack.had_alone)
    return stack


def test_what_is_left_is_taken_away_and_then_forgotten(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """In this order, and it is said."""
    assert [NAME, FORGET] == cleared(Stack(), monkeypatch).done
    told = f"removed container {NAME}, which a killed update had left\n"
    assert capsys.readouterr().err.endswith(told)


FAILS: tuple[tuple[str, Exception, str], ...] = (
    ("deployment", AWAY, "docker: does not answer"),
    ("resources", RehouseError("state", "is sealed", "mend it"), "state: is sealed"),
    ("connect", AWAY, "docker: does not answer"),
    ("look", ConnectionError("broken pipe"), "broken pipe"),
    ("alone", AWAY, "docker: does not answer"),
    ("remove", LookupError("it is in use"), f"router: container {NAME}: cannot be removed: it is in use"),
)  # fmt: skip


@pytest.mark.parametrize(("part", "error", "told"), FAILS, ids=[part for part, _, _ in FAILS])
def test_what_cannot_be_taken_away_is_said_and_not_forgotten(
    part: str,
    error: Exception,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """The update before it went well, and has not failed for this; the next one tries it again."""
    assert [] == cleared(Stack(part, error), monkeypatch).done
    again = "rehouse orphans --remove, or the next update, tries it again"
    assert f"left by a killed update: {told}; {again}\n" == capsys.readouterr().err


def test_what_cannot_be_forgotten_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """It is gone all the same."""
    assert [NAME] == cleared(Stack("forget"), monkeypatch).done
    assert "left by a killed update: docker: does not answer" in capsys.readouterr().err


@pytest.mark.parametrize("part", ["alone", "forget"])
def test_somebody_else_who_has_the_stack_does_it_at_their_end(
    part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Nothing is said of it."""
    contested = Contested("stack", "is held by another", "wait")
    assert FORGET not in cleared(Stack(part, contested), monkeypatch).done
    assert "left by" not in capsys.readouterr().err
