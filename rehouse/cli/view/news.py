"""What happens in a rollout, as an operator cares about it: made of what engine, program, providers and watch tell."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from rehouse.cli.eventlog import Event
from rehouse.cli.rollout.guard import INSTANCE, ROUTER
from rehouse.cli.view.steps import step_of

State = Literal["begins", "done", "failed"]

STEPS = ("raise", "prove", "shift", "bake", "drain", "retire")

_STATES: dict[str, State] = {
    "resourcePreEvent": "begins",
    "resOutputsEvent": "done",
    "resOpFailedEvent": "failed",
}


@dataclass(frozen=True)
class Update:
    """One begins: what is live before it, and who has which share of the traffic once it is over."""

    service: str
    order: str | None  # None for a plain deploy of what the spec says
    wanted: str | None
    before: tuple[str, ...]
    standing: dict[str, int]
    instances: dict[str, str]  # to the daemon that each is on


@dataclass(frozen=True)
class Step:
    """A part of it begins or ends: *name* is an instance, or something that instances need."""

    step: str
    name: str
    state: State
    instance: bool


@dataclass(frozen=True)
class Probe:
    """An instance has answered its gate: *good* answers in a row of the *needed*."""

    instance: str
    good: int
    needed: int
    answer: str


@dataclass(frozen=True)
class Waiting:
    """Nothing is changed for so many *seconds*; what the router has measured of the generation meanwhile."""

    generation: str
    share: int
    bakes: bool
    before: tuple[str, ...]
    seconds: float
    answered: int = 0
    failed: int = 0
    latency: float = 0.0  # seconds, on average


@dataclass(frozen=True)
class Hook:
    """A program of the operator's begins or ends."""

    name: str
    state: State


News = Update | Step | Probe | Waiting | Hook
_KINDS = {kind.__name__.lower(): kind for kind in (Update, Step, Probe, Waiting, Hook)}


def as_event(news: News) -> Event:
    """News that are made already, as an event beside those of the engine."""
    return {"kind": "news", "news": news}


def news_of(event: Event) -> list[News]:
    """None for what an operator does not care about."""
    match event.get("kind"):
        case None:
            return _of_engine(event)
        case "news":
            return [event["news"]]
        case "generation":
            return [_update(event)]
        case "probe":
            return [Probe(event["instance"], event["good"], event["needed"], event["answer"])]
        case "drain":
            return [Step("drain", each, event["state"], True) for each in event["instances"]]
    return []


def shape_of(news: News) -> dict[str, Any]:
    """As --json-lines has it."""
    return {"event": type(news).__name__.lower(), **asdict(news)}


def news_in(shape: dict[str, Any]) -> News | None:
    """The same, the other way round; None for what is no news."""
    kind = _KINDS.get(shape.get("event", ""))
    return kind(**{each.name: shape[each.name] for each in fields(kind)}) if kind else None


def _of_engine(event: Event) -> list[News]:
    for kind, state in _STATES.items():
        if kind in event:
            return _step(event[kind]["metadata"], state)
    return []


def _step(facts: Event, state: State) -> list[News]:
    step = step_of(facts["type"], facts["op"])
    if step is None or facts["op"] in ("same", "read") or _is_routers_own(facts):
        return []
    name = facts["urn"].rpartition("::")[2]
    return [Step(step, name, state, facts["type"] == INSTANCE)]


def _is_routers_own(facts: Event) -> bool:
    return ROUTER in facts["urn"] and not facts["type"].endswith("rehouse:Traffic")


def _update(event: Event) -> Update:
    return Update(
        event["service"],
        event["order"],
        event.get("wanted"),
        tuple(event["before"]),
        event["standing"],
        event["instances"],
    )
