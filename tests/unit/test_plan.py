"""A plan says what a deploy would do, in the order in which it would, and why."""

# ruff: noqa: SIM300

from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from rehouse.cli.rollout.course import Stage
from rehouse.cli.rollout.guard import Step
from rehouse.cli.rollout.plan import Plan, plan, plan_of
from rehouse.components.difference import changes
from rehouse.components.errors import Contested, OutOfReach, Refused, RehouseError, Wrong
from rehouse.components.front import front_of
from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order
from tests.unit.makers import generation, spec

WHO, WHEN = "ops@here", "2026-01-01T00:00:00+00:00"
A, B = generation(0), generation(1)
LIVE = Ledger().deployed(A, WHO, WHEN)


def test_a_replacement_is_raise_prove_shift_retire_with_its_reason():
    """The instances by name; what belongs to their generations is not told again."""
    found = planned(LIVE, B)
    assert (
        Stage("raise", names=(f"{B.name}-0", f"{B.name}-1")),
        Stage("prove", lasts="30s"),
        Stage("shift", share=100),
        Stage("retire", names=(f"{A.name}-0", f"{A.name}-1")),
    ) == found.stages
    assert (['env.NUMBER: "0" → "1"'], ()) == ([str(each) for each in found.changes], found.also)
    assert ((A.name,), B.name, True) == (found.live, found.wanted, found.changed)


def test_nothing_to_do_is_no_change():
    """The same generation, and nothing that the engine would touch."""
    found = plan_of(facts(LIVE, A), [], LIVE)
    assert ((), (), (), False) == (found.changes, found.stages, found.also, found.changed)


def test_a_first_deployment_has_nothing_to_compare_with():
    """Also a canary then has all of the traffic at once; the router is made."""
    wanted = rolled(strategy="canary", bake="5m")
    steps = [*raising(wanted), step("create", "x:PulledImage", "web-router-image", router=True)]
    found = plan_of(facts(Ledger(), wanted), steps, Ledger())
    assert ["raise", "prove", "shift"] == [each.step for each in found.stages]
    assert ((), ("create web-router-image",)) == (found.changes, found.also)


def test_a_canary_is_told_share_by_share_and_the_bake_after_it():
    """With how long each lasts, as the spec writes it."""
    found = planned(LIVE, rolled(strategy="canary", steps=(5, 50), pause="promote", bake="10m"))
    assert [
        Stage("shift", share=5, lasts="promote"),
        Stage("shift", share=50, lasts="promote"),
        Stage("shift", share=100),
        Stage("bake", lasts="600s"),
    ] == [each for each in found.stages if each.step in ("shift", "bake")]
    assert "canary" == found.strategy


def test_wishes_are_planned_instead_of_what_the_spec_says():
    """As the deploy with the same options would do it."""
    steps = [*raising(B), shifting(A), *removing(A)]
    found = plan_of(facts(LIVE, B), steps, LIVE, {"strategy": "canary", "steps": [10]})
    assert ("canary", [(10, "60s"), (100, None)]) == (
        found.strategy,
        [(each.share, each.lasts) for each in found.stages if each.step == "shift"],
    )


def test_rolling_is_told_instance_by_instance():
    """One comes, and another goes; the last of the old ones goes at the end."""
    wanted = rolled(strategy="rolling", pause="10s")
    new, old = [f"{wanted.name}-{n}" for n in (0, 1)], [f"{A.name}-{n}" for n in (0, 1)]
    assert (
        Stage("raise", names=(new[0],)),
        Stage("prove", lasts="30s"),
        Stage("shift", share=50),
        Stage("retire", names=(old[1],), lasts="10s"),
        Stage("raise", names=(new[1],)),
        Stage("prove", lasts="30s"),
        Stage("shift", share=100),
        Stage("retire", names=(old[0],)),
    ) == planned(LIVE, wanted).stages


def test_recreate_stops_first():
    """What is live is retired before anything is raised."""
    found = planned(LIVE, rolled(strategy="recreate"))
    assert ["retire", "raise", "prove", "shift"] == [each.step for each in found.stages]


def test_what_stands_already_is_not_raised_again():
    """A plain update that failed has left it; the gate still has to prove it."""
    found = plan_of(facts(LIVE, B), [shifting(A), *removing(A)], LIVE)
    assert ["prove", "shift", "retire"] == [each.step for each in found.stages]


def test_what_the_router_is_told_in_place_is_compared_with_the_state():
    """The same generation stays; the ledger does not know what the router was told last."""
    wanted = A.model_copy(
        update={"spec": A.spec.model_copy(update={"router": spec(router={"publish": 81}).router})}
    )
    found = plan_of(facts(LIVE, wanted), [shifting(A)], LIVE)
    assert ["router.publish: 8080 → 81"] == [str(each) for each in found.changes]
    assert ((), ("update web-router-traffic",), True) == (found.stages, found.also, found.changed)


def test_what_a_failed_update_left_is_retired():
    """Instances that no ledger knows and that the engine would delete."""
    found = plan_of(facts(LIVE, A), removing(B), LIVE)
    assert (Stage("retire", names=(f"{B.name}-0", f"{B.name}-1")),) == found.stages


def test_what_belongs_to_no_generation_that_moves_is_told_besides():
    """Never silently: a router that would be replaced, a network that would go."""
    steps = [
        step("replace", "docker:index/container:Container", "web-router", router=True),
        step("delete", "x:BridgeNetwork", f"{B.name}-local"),
        step("create", "pulumi:providers:docker", "web-a"),
    ]
    found = plan_of(facts(LIVE, A), steps, LIVE)
    assert ("replace web-router", f"delete {B.name}-local") == found.also
    assert found.changed


@dataclass
class Previewed:
    """An engine that would do *steps*, or says *wrong*."""

    ledger: Ledger
    wanted: Generation | None = None
    wrong: RehouseError | None = None
    patched: list[tuple[str, list[str]]] = field(default_factory=list)
    orders: list[Order | None] = field(default_factory=list)
    interrupted = 0

    def ledgers(self) -> dict[str, Ledger]:
        return {"web": self.ledger}

    def preview(self, wanted: Order | None = None) -> Any:
        self.orders.append(wanted)
        return self

    @property
    def well(self) -> bool:
        return self.wrong is None

    def error(self) -> RehouseError | None:
        return self.wrong

    def patches(self) -> list[tuple[str, list[str]]]:
        return self.patched

    def facts(self, _service: str | None = None) -> dict[str, Any]:
        return facts(self.ledger, self.wanted) if self.wanted else {}

    def planned(self) -> list[Step]:
        return []


@pytest.mark.parametrize("kind", [Refused, Contested, OutOfReach])
def test_what_a_deploy_would_refuse_ends_the_plan(kind: type[RehouseError]):
    """With the same error, and so the same exit status."""
    with pytest.raises(kind, match="so it is"):
        plan(Previewed(LIVE, wrong=kind("ledger", "so it is", "wait")), "web", False, {})


def test_a_plan_that_would_patch_is_refused():
    """The instance and the property are named."""
    with pytest.raises(Refused, match=r"in place: web-1-0 \(image\)"):
        plan(Previewed(LIVE, A, patched=[("web-1-0", ["image"])]), "web", False, {})


def test_a_service_that_the_program_does_not_declare_is_wrong():
    """The program says nothing of it."""
    with pytest.raises(Wrong, match="service web: is not in this stack"):
        plan(Previewed(LIVE), "web", False, {})


def test_the_engine_is_asked_as_a_deploy_asks():
    """On this ledger, for this service, and with force where it is wished."""
    engine = Previewed(LIVE, A)
    plan(engine, None, True, {})
    assert [Order(kind="deploy", serial=LIVE.serial, service="web", force=True)] == engine.orders


def planned(ledger: Ledger, wanted: Generation) -> Plan:
    return plan_of(facts(ledger, wanted), [*raising(wanted), shifting(A), *removing(A)], ledger)


def facts(ledger: Ledger, wanted: Generation) -> dict[str, Any]:
    """As the program notes them."""
    live = ledger.standing_generations()
    return {
        "service": "web",
        "wanted": wanted.name,
        "image": wanted.image,
        "target": wanted.target,
        "spec": wanted.spec.model_dump(mode="json"),
        "changes": [asdict(each) for each in changes(live[-1], wanted)] if live else [],
    }


def rolled(**rollout: Any) -> Generation:
    return generation(spec=spec(env={"NUMBER": "1"}, rollout=rollout))


def raising(wanted: Generation) -> list[Step]:
    return [
        step("create", "x:BridgeNetwork", f"{wanted.name}-local"),
        *_instances("create", wanted),
        step("create", "x:Gate", f"{wanted.name}-gate"),
    ]


def removing(old: Generation) -> list[Step]:
    return [*_instances("delete", old), step("delete", "x:BridgeNetwork", f"{old.name}-local")]


def _instances(op: str, of: Generation) -> list[Step]:
    kind = "docker:index/container:Container"
    return [step(op, kind, f"{of.name}-{number}") for number in range(of.spec.replicas)]


def shifting(last: Generation) -> Step:
    """The router's plan as it was for *last*."""
    plan = (
        '{"doors": {"admin": "a", "master": null, "config": "c"}, "servers": [], "drain": "30000ms", "front": '
        + front_of(last.spec, "web.dev.shop", "*").model_dump_json()
        + "}"
    )
    made = step("update", "x:Traffic", "web-router-traffic", router=True)
    return {**made, "old": {**made, "outputs": {"plan": plan}}}


def step(op: str, kind: str, name: str, router: bool = False) -> Step:
    """As the engine tells it."""
    parents = "rehouse:index:Service$" + ("rehouse:index:Router$" if router else "")
    return {"op": op, "type": kind, "urn": f"urn:pulumi:dev::shop::{parents}{kind}::{name}"}
