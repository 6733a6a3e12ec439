"""What a deploy would do, and for which reason: the engine's preview, told in our words. Touches nothing."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from rehouse.cli.reality.inventory import TRAFFIC, is_instance, shift_of
from rehouse.cli.rollout.course import Stage, course
from rehouse.cli.rollout.deploy import NOTHING
from rehouse.cli.rollout.guard import ROUTER, Step
from rehouse.cli.rollout.updates import Result, known_or_new, previewed
from rehouse.components.difference import Change
from rehouse.components.errors import Wrong
from rehouse.components.front import Shift
from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order
from rehouse.components.spec import ServiceSpec
from rehouse.components.wishes import Wishes, overridden

DECLARED = ("pulumi:providers:", "pulumi:pulumi:Stack", "rehouse:index:")  # nothing runs for them
IN_PLACE = ("router.", "rollout.")  # no reason for another generation


class Preview(Result, Protocol):
    """How a preview ended, and what it showed."""

    def planned(self) -> list[Step]: ...


class Engine(Protocol):
    """As much of the engine as a plan needs."""

    def ledgers(self) -> dict[str, Ledger]: ...
    def preview(self, wanted: Order | None = None) -> Preview: ...


@dataclass(frozen=True)
class Plan:
    """*wanted* is what the spec says; *also* is what the engine would do besides, like ``update web-router``."""

    service: str
    live: tuple[str, ...]
    wanted: str
    target: str
    strategy: str
    changes: tuple[Change, ...]
    stages: tuple[Stage, ...]
    also: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.stages or self.also)

    def shape(self) -> dict[str, Any]:
        return {**asdict(self), "changed": self.changed}


def plan(engine: Engine, service: str | None, force: bool, wishes: Wishes) -> Plan:
    """Raises what a deploy would raise before it touches anything: Wrong, OutOfReach, Refused and Contested."""
    name, ledger = known_or_new(engine.ledgers(), service)
    order = Order(kind="deploy", serial=ledger.serial, service=name, force=force)
    preview = previewed(engine, order)
    facts = preview.facts(name)
    if "wanted" not in facts:
        fix = "name one that the program declares"
        raise Wrong(f"service {name or ''}".strip(), "is not in this stack", fix)
    return plan_of(facts, preview.planned(), ledger, wishes)


def plan_of(
    facts: dict[str, Any], steps: list[Step], ledger: Ledger, wishes: Wishes = NOTHING
) -> Plan:
    """*facts* are what the program notes of the generation, *steps* what the engine would do."""
    wanted = _wanted(facts)
    rollout = overridden(wanted.spec.rollout, wishes)
    stages = _as_it_is(course(ledger, wanted, rollout), steps)
    reasons = [Change(**each) for each in facts["changes"]]
    told = [each for each in reasons if not each.key.startswith(IN_PLACE)]
    return Plan(
        service=wanted.spec.service,
        live=ledger.live,
        wanted=wanted.name,
        target=wanted.target,
        strategy=rollout.strategy,
        changes=(*told, *_of_router(facts["spec"], _last_shift(wanted.spec.service, steps))),
        stages=stages,
        also=_also(steps, stages, wanted.name),
    )


def _wanted(facts: dict[str, Any]) -> Generation:
    """As much of it as is noted: without machines and secrets."""
    spec = ServiceSpec.model_validate_json(json.dumps(facts["spec"]))
    known = {"name": facts["wanted"], "image": facts["image"], "target": facts["target"]}
    return Generation(spec=spec, daemons=(), secrets={}, **known)


def _as_it_is(stages: Sequence[Stage], steps: Sequence[Step]) -> tuple[Stage, ...]:
    """What a failed update has left may stand already, or must go as well."""
    gone = _names(steps, "delete")
    there = {"raise": _names(steps, "create"), "retire": gone}
    found = [_only(each, there.get(each.step)) for each in stages]
    known = {name for each in found for name in each.names}
    left = tuple(name for name in gone if name not in known)
    idle = [each for each in found if each.names or each.step not in there]
    return (*idle, Stage("retire", names=left)) if left else tuple(idle)


def _only(stage: Stage, names: Iterable[str] | None) -> Stage:
    if names is None:
        return stage
    return replace(stage, names=tuple(each for each in stage.names if each in names))


def _names(steps: Iterable[Step], op: str) -> list[str]:
    """Instances."""
    return sorted(_name(each) for each in steps if each["op"] == op and is_instance(each))


def _also(steps: Iterable[Step], stages: Iterable[Stage], wanted: str) -> tuple[str, ...]:
    """What is neither part of a generation that comes or goes, nor the shift itself."""
    shifts = any(each.step == "shift" for each in stages)
    moving = {name.rpartition("-")[0] for each in stages for name in each.names}
    moving |= {wanted} if shifts else set()
    return tuple(
        f"{each['op']} {_name(each)}"
        for each in steps
        if not _is_of(each, moving)
        and not (each["op"] == "create" and each["type"].startswith(DECLARED))
        and not (shifts and each["type"].endswith(TRAFFIC))
    )


def _is_of(step: Step, generations: set[str]) -> bool:
    owner = any(_name(step).startswith(f"{each}-") for each in generations)
    return owner and ROUTER not in step["urn"]


def _last_shift(service: str, steps: Iterable[Step]) -> Shift | None:
    """As the state has it, where the engine would touch the router."""
    return shift_of(service, [each["old"] for each in steps if each.get("old")])


def _of_router(spec: dict[str, Any], last: Shift | None) -> list[Change]:
    """What the router would be told in place: it has no generations."""
    if last is None:
        return []
    front, router = last.front, spec["router"]
    drain = last.model_dump(mode="json")["drain"]
    pairs = {
        "router.publish": (front.port, router["publish"] or spec["port"]),
        "router.mode": (front.mode, router["mode"]),
        "rollout.drain": (drain, spec["rollout"]["drain"]),
    }
    return [Change(key, "changed", *pair) for key, pair in pairs.items() if pair[0] != pair[1]]


def _name(step: Step) -> str:
    return str(step["urn"]).rpartition("::")[2]
