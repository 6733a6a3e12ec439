"""How this one rollout goes, where an operator wants it otherwise than the spec says. Pure."""

from collections.abc import Mapping
from typing import Any

from rehouse.components.errors import Wrong
from rehouse.components.reading import read_data
from rehouse.components.spec import Rollout

Wishes = Mapping[str, Any]  # key of the spec's rollout to its value as a spec writes it

STEPLESS = ("blue-green", "recreate")  # a pause has no step to follow, or would follow a stop


def wished(strategy: str | None, steps: str | None, pause: str | None, bake: str | None) -> Wishes:
    """Those that are given. Raises Wrong where a spec could not say so."""
    shares = [_number(each) for each in steps.split(",")] if steps else None
    given = {"strategy": strategy, "steps": shares, "pause": pause, "bake": bake}
    wishes = {key: value for key, value in given.items() if value is not None}
    _read(wishes)
    return wishes


def overridden(rollout: Rollout, wishes: Wishes) -> Rollout:
    """What the spec says, but for the *wishes*. Raises Wrong where a wish has no meaning then.

    Another strategy has the pause that is its own, unless one is wished for.
    """
    if not wishes:
        return rollout
    said = rollout.model_dump(mode="json")
    if wishes.get("strategy", rollout.strategy) != rollout.strategy:
        del said["pause"]
    found = _read({**said, **wishes})
    _must_mean_something(found.strategy, wishes)
    return found


def _must_mean_something(strategy: str, wishes: Wishes) -> None:
    if "steps" in wishes and strategy != "canary":
        raise Wrong("--steps", f"{strategy} has none", "--strategy canary")
    if "pause" in wishes and strategy in STEPLESS:
        raise Wrong("--pause", f"{strategy} has no steps", "--strategy canary, or rolling")


def _read(data: Wishes) -> Rollout:
    return read_data(dict(data), Rollout, lambda _place: "options")


def _number(text: str) -> object:
    """What is none is told with the others."""
    return int(text) if text.strip().isdigit() else text
