"""What differs between two generations is told key by key, and no secret with it."""

# ruff: noqa: SIM300

from typing import Any

import pytest

from rehouse.components.difference import Change, changes
from rehouse.components.generation import Generation
from rehouse.components.site import Daemon
from tests.unit.makers import DIGEST, generation, spec

OTHER = DIGEST.replace("0", "1")
RACK = Daemon(name="a", url="ssh://ops@10.0.0.1")


def test_the_same_generation_has_no_changes():
    """Nothing to tell."""
    assert () == changes(generation(), generation())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"spec": spec(env={"NUMBER": "1"})}, ['env.NUMBER: "0" → "1"']),
        ({"spec": spec()}, ['env.NUMBER removed: "0"']),
        ({"spec": spec(env={"NUMBER": "0", "A": "b"})}, ['env.A added: "b"']),
        ({"spec": spec(env={"NUMBER": "0"}, replicas=3)}, ["replicas: 2 → 3"]),
        ({"spec": spec(env={"NUMBER": "0"}, command=("x", "y"))}, ['command added: ["x", "y"]']),
        (
            {"spec": spec(env={"NUMBER": "0"}, image="web:2"), "image": OTHER},
            ['image: "web:1" → "web:2"', f'pinned: "{DIGEST}" → "{OTHER}"'],
        ),
        ({"target": "vm"}, ['target: "container" → "vm"']),
        (
            {"daemons": (RACK,)},
            ['daemons: ["local unix:///var/run/docker.sock"] → ["a ssh://ops@10.0.0.1"]'],
        ),
        (
            {"spec": spec(env={"NUMBER": "0"}, health={"http": "/up", "within": "5s"})},
            ['health.within: "30s" → "5s"', 'health.http added: "/up"'],
        ),
        (
            {"spec": spec(env={"NUMBER": "0"}, rollout={"drain": "5s"})},
            ['rollout.drain: "30s" → "5s"'],
        ),
    ],
)
def test_each_change_is_told_by_its_dotted_key(changed: dict[str, Any], told: list[str]):
    """With the values as a spec writes them."""
    assert told == [str(each) for each in changes(generation(), generation(**changed))]


def test_another_template_is_told():
    """A new version of Rehouse may raise the same spec in another way."""
    later = generation().model_copy(update={"template": 99})
    assert [("template", 99)] == [(each.key, each.after) for each in changes(generation(), later)]


def test_a_secret_is_told_by_its_name_alone():
    """Changed, added or removed; its values are nowhere in it."""
    before = _with(KEPT="same", GONE="hunter1", TOKEN="hunter2")
    after = _with(KEPT="same", TOKEN="hunter3", NEW="hunter4")
    found = changes(before, after)
    assert (
        Change("secrets.GONE", "removed"),
        Change("secrets.TOKEN", "changed"),
        Change("secrets.NEW", "added"),
    ) == found
    assert "secret TOKEN changed" in [str(each) for each in found]
    assert "hunter" not in repr(found)


def _with(**secrets: str) -> Generation:
    return generation(spec=spec(secrets=tuple(secrets)), secrets=secrets)
