"""Which things are orphans, and which of them a creation that was cut off has made."""

# ruff: noqa: SIM300

from typing import Any, cast

import pytest

from rehouse.cli import consent
from rehouse.cli.reality.orphans import (
    Machine,
    OnDaemon,
    Orphan,
    daemons_of,
    must_not_be_lost,
    remove_all,
    unknown,
)
from rehouse.cli.state.leftovers import _is_of
from rehouse.components.errors import OutOfReach, Refused, Wrong
from rehouse.components.reality import Thing
from rehouse.components.site import Daemon, Site

URN = "urn:pulumi:dev::shop::rehouse:index:Service$"
HERE, THERE = Daemon(), Daemon(name="rack", url="unix:///run/rack.sock")


class Fake:
    """A daemon that holds on to some."""

    def __init__(self, in_use: str = "") -> None:
        self.in_use, self.removed = in_use, list[str]()

    def remove(self, thing: Thing) -> None:
        if thing.name == self.in_use:
            raise LookupError("volume is in use")
        self.removed.append(thing.name)


def test_what_the_state_knows_is_no_orphan():
    """By its id, whatever it is called."""
    known, stray = on_daemon(thing("a")), on_daemon(thing("b"))
    assert [stray] == unknown([known, stray], [{"id": "id-of-a"}, {"urn": "no id yet"}])


def test_one_that_is_in_use_does_not_keep_the_others():
    """The rest is removed, each is told, and then the failure is raised with a way out."""
    machine, told = Fake(in_use="b"), list[Orphan]()
    found = [on_daemon(thing(name), machine) for name in "abc"]
    with pytest.raises(OutOfReach, match="in use") as raised:
        remove_all(found, told.append)
    assert (["a", "c"], [found[0], found[2]]) == (machine.removed, told)
    assert "docker container inspect b" in raised.value.fix


def test_a_service_whose_state_was_lost_is_no_orphan():
    """Where the state knows of nothing at all, it is refused; what a killed update left has something beside it."""
    found, nothing = [on_daemon(thing("web-1111111-0"))], [{"urn": "urn:pulumi:dev::shop::Stack"}]
    with pytest.raises(Refused, match="these would go: web-1111111-0"):
        must_not_be_lost("shop/dev", found, nothing)
    must_not_be_lost("shop/dev", found, [*nothing, NETWORK])
    must_not_be_lost("shop/dev", [], nothing)


def test_daemons_are_those_of_state_and_site_each_once():
    """A site in a program of one's own is known from the state alone."""
    known: list[Any] = [
        {"inputs": {"daemon": THERE.model_dump_json()}},
        {"inputs": {"daemon": {"secret": 1}}},
    ]
    assert {THERE} == set(daemons_of(known, None))
    assert {HERE.url} == {each.url for each in daemons_of([], None)}
    both = daemons_of(known, Site(daemons=(HERE, THERE)))
    assert {HERE.url, THERE.url} == {each.url for each in both}
    assert 2 == len(both)


CONTAINER = {
    "type": "docker:index/container:Container",
    "urn": f"{URN}docker:index/container:Container::web-1111111-0",
    "inputs": {"name": "web-1111111-0-abc1234"},
}
NETWORK = {
    "type": "pulumi-python:dynamic/rehouse:BridgeNetwork",
    "urn": f"{URN}pulumi-python:dynamic/rehouse:BridgeNetwork::web-1111111-rack",
    "inputs": {"name": "web-1111111-rack"},
}
MADE = {
    "the container, by its name": (CONTAINER, "web-1111111-0-abc1234", True, True),
    "its twin of the next update": (CONTAINER, "web-1111111-0-def5678", True, False),
    "the network, by its generation": (NETWORK, "web-1111111-rack-abc1234", False, True),
    "an instance in it": (NETWORK, "web-1111111-0-abc1234", True, False),
}


@pytest.mark.parametrize(("creation", "name", "instance", "made"), MADE.values(), ids=MADE.keys())
def test_only_what_a_creation_has_made_is_taken_away(
    creation: dict[str, Any], name: str, instance: bool, made: bool
):
    """Nothing else of that generation."""
    labels = {
        "rehouse.generation": "web-1111111",
        **({"rehouse.instance": "x"} if instance else {}),
    }
    assert made == _is_of(thing(name, labels), [creation])


def test_nobody_is_asked_without_a_terminal(monkeypatch: pytest.MonkeyPatch):
    """The command that does not ask is named; that is wrong usage."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    with pytest.raises(Wrong) as raised:
        consent.must_agree("Remove these 2?", "rehouse orphans --remove --yes")
    assert "rehouse orphans --remove --yes" == raised.value.fix


def on_daemon(thing: Thing, machine: Fake | None = None) -> OnDaemon:
    return OnDaemon(HERE, cast("Machine", machine or Fake()), thing)


def thing(name: str, labels: dict[str, str] | None = None) -> Thing:
    return Thing(kind="container", id=f"id-of-{name}", name=name, labels=labels or {})
