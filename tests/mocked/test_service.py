"""The component that anyone can use: what it declares, remembers and refuses."""

# ruff: noqa: SIM300

import base64
import json
import pickle
from pathlib import Path
from typing import Any

import pulumi
import pytest

from rehouse.components import notes
from rehouse.components import service as service_module
from rehouse.components.declare import declare, shares_of
from rehouse.components.ledger import Ledger
from rehouse.components.service import FORBIDDEN, Service
from rehouse.components.site import RouterSite, Site
from tests.mocked.engine import Run, update
from tests.mocked.programs import FULL, SECRET, service
from tests.unit.makers import DIGEST, generation, spec


def test_the_ledger_is_a_secret_output_after_the_traffic():
    """It holds secrets, and it is only true when the router has shifted."""
    run = update(service(FULL))
    assert {"web-ledger"} == run.secrets
    assert "web-router-traffic" in run.waits_for["web-ledger"]
    assert {"TOKEN": SECRET} == ledger(run).remembered[0].generation.secrets


def test_the_live_generation_is_a_plain_output():
    """Anybody may see which one is live, when it is."""
    run = update(service())
    assert run.outputs["web"] == ledger(run).live[0]
    assert "web-router-traffic" in run.waits_for["web"]


def test_what_the_command_is_told_has_the_reason_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Key by key against what is live; of a secret its name alone."""
    first = update(service(FULL))
    monkeypatch.setenv(notes.VARIABLE, str(tmp_path / "notes"))
    changed = FULL.model_copy(update={"replicas": 3})
    update(service(changed, secrets={"TOKEN": SECRET + SECRET}), first)
    [told] = [each for each in notes.read_notes(tmp_path / "notes") if each["kind"] == "generation"]
    assert [
        {"key": "replicas", "what": "changed", "before": 2, "after": 3},
        {"key": "secrets.TOKEN", "what": "changed", "before": None, "after": None},
    ] == told["changes"]
    assert SECRET not in (tmp_path / "notes").read_text()


def test_the_component_knows_its_generation():
    """A program can use the name at once, without an output."""
    made: dict[str, Service] = {}
    run = update(lambda: made.setdefault("web", service()()))
    assert run.outputs["web"] == made["web"].generation


def test_the_next_update_goes_on_from_the_ledger():
    """The generation before is remembered as retired, and the serial number has grown."""
    first = update(service())
    second = update(service(spec(env={"A": "b"})), first)
    outcomes = [record.outcome for record in ledger(second).remembered]
    assert ["live", "retired"] == outcomes
    assert ledger(second).serial > ledger(first).serial


def test_going_back_brings_the_earlier_generation():
    """The same spec has the same name again."""
    first = update(service())
    second = update(service(spec(env={"A": "b"})), first)
    assert first.outputs["web"] == update(service(), second).outputs["web"]


def test_a_change_of_the_rollout_alone_keeps_the_generation():
    """Only the router hears of it."""
    first = update(service())
    second = update(service(spec(rollout={"drain": "1s"})), first)
    assert first.outputs == second.outputs
    assert "1000ms" == plan(second)["drain"]


def test_the_replicas_that_are_given_count_instead_of_the_specs():
    """As if the spec said so: it has the same name."""
    assert (
        update(service(spec(replicas=3))).outputs["web"]
        == update(service(replicas=3)).outputs["web"]
    )


def test_replicas_that_no_spec_may_have_are_refused():
    """In the words of the spec."""
    assert "service web: replicas: is too large: 101" in refusal(service(replicas=101))


def test_the_plan_of_the_router_is_what_the_spec_says():
    """Port, check, drain and the name that is its own among all that one HAProxy may carry."""
    wanted = plan(update(service(FULL)))
    assert (80, "web.dev.shop", "7000ms") == (
        wanted["front"]["port"],
        wanted["front"]["backend"],
        wanted["drain"],
    )
    assert "GET uri /healthz" in wanted["front"]["check"]


def test_the_embedded_router_is_hardened_too():
    """It needs the host's network, and little else."""
    run = update(service())
    (router,) = [each for each in run.of("container:Container") if each.name == "web-router"]
    assert {
        "networkMode": "host",
        "readOnly": True,
        "securityOpts": ["no-new-privileges:true"],
        "capabilities": {"drops": ["ALL"], "adds": ["CAP_DAC_OVERRIDE", "CAP_NET_BIND_SERVICE"]},
        "logOpts": {"max-size": "10m", "max-file": "3"},
    }.items() <= router.inputs.items()


def test_the_router_is_named_by_its_service_alone():
    """It is one stable resource: no generation in any of its names."""
    run = update(service())
    names = [each.name for each in run.declared if each.name.startswith("web-router")]
    assert sorted(names) == [
        "web-router",
        "web-router",
        "web-router-docker",
        "web-router-home",
        "web-router-image",
        "web-router-traffic",
    ]


def test_an_existing_haproxy_needs_no_container():
    """With its sockets and a file, the plan speaks to it and nothing is made."""
    site = RouterSite(socket="/run/h.sock", master="/run/m.sock", config="/etc/h/web.cfg")
    run = update(service(site=Site(router=site)))
    assert {"admin": "/run/h.sock", "master": "/run/m.sock", "config": "/etc/h/web.cfg"} == plan(
        run
    )["doors"]
    assert not [each for each in run.of("container:Container") if each.name == "web-router"]


@pytest.mark.parametrize("variable", FORBIDDEN)
def test_an_environment_that_overrides_the_site_is_refused(
    variable: str, monkeypatch: pytest.MonkeyPatch
):
    """It would send every container elsewhere, or delete the old generation too early."""
    monkeypatch.setenv(variable, "tcp://elsewhere")
    expected = (
        f"environment variable {variable}: is set and would override the site of this stack\n"
        f"fix: unset {variable}"
    )
    assert expected == refusal(service())


def test_an_unknown_target_is_refused():
    """It says which there are."""
    expected = "target cloud: is not known\nfix: known: container"
    assert expected == refusal(service(target="cloud"))


def test_the_spec_of_another_service_is_refused():
    """The component's name and the spec's are one."""
    expected = "Service web: its spec is of service 'api'\nfix: use the same name in both"
    assert expected == refusal(service(spec(service="api")))


def test_a_secret_without_value_is_refused():
    """It says the command that sets it."""
    assert refusal(service(FULL, secrets={})).endswith(
        "fix: pulumi config set --secret --path 'secrets.TOKEN'\nstate: nothing has changed"
    )


def test_a_wrong_spec_file_is_refused(tmp_path: Path):
    """The same message as everywhere, and nothing declared."""
    path = tmp_path / "web.yaml"
    path.write_text("service: web\nimage: web:1\nport: '80'\n")
    assert refusal(service(path)).startswith(f'{path}:3: port: must be a whole number, not "80"')


def test_a_quarantined_generation_is_not_chosen_again():
    """What failed once is left alone by a plain update: what is live stays, and nothing changes."""
    first = update(service())
    (name,) = ledger(first).live
    beside = ledger(first).raised(generation(), "x", "y").shifted({generation().name: 100})
    quarantined = beside.quarantine(name, "exited with status 3")
    again = update(service(), Run(outputs={"web-ledger": quarantined.model_dump_json()}))
    assert (generation().name, quarantined) == (again.outputs["web"], ledger(again))
    assert not [each for each in again.declared if each.name.startswith(name)]


def test_the_router_checks_what_is_live_and_not_what_the_spec_says():
    """The spec's generation is quarantined: its health path is not the live one's."""
    first = update(service(spec(health={"http": "/old"})))
    failed = update(service(spec(health={"http": "/new"})), first)
    ((old,), (name,)) = ledger(first).live, ledger(failed).live
    back = ledger(failed).rolled_back(old, "it was slow", "x", "y")
    again = update(
        service(spec(health={"http": "/new"})), Run(outputs={"web-ledger": back.model_dump_json()})
    )
    (traffic,) = again.of("Traffic")
    assert "/old" in traffic.inputs["plan"]
    assert {name: "it was slow"} == ledger(again).quarantined


def test_nothing_is_declared_before_a_refusal():
    """A refused program leaves no half of a rollout behind, not even a provider."""
    run = Run()
    with pytest.raises(pulumi.RunError):
        update(service(target="cloud"), into=run)
    assert ["web"] == [each.name for each in run.declared]


def test_remembered_pins_are_offered(monkeypatch: pytest.MonkeyPatch):
    """The newest meaning of a name is offered where the registry does not answer."""
    seen: list[Any] = []

    def pin(*given: Any) -> str:
        seen.append(given)
        return DIGEST

    first = update(service())
    monkeypatch.setattr(service_module, "pin", pin)
    update(service(spec(env={"A": "b"})), first)
    assert {"web:1": DIGEST} == seen[0][2]


def test_two_standing_generations_share_the_traffic():
    """A canary: 10 percent over its one instance, 90 over the four of the other."""
    old = generation(spec=spec(replicas=4))
    new = generation(spec=spec(replicas=1, env={"A": "b"}))
    both = Ledger().deployed(old, "x", "y").raised(new, "x", "y")
    shifted = both.shifted({old.name: 90, new.name: 10})
    run = update(lambda: declare(shifted, new.spec, Site(), pulumi.ResourceOptions()))
    weights = [each["weight"] for each in plan(run)["servers"]]
    assert [100, 100, 100, 100, 44] == weights
    assert 2 == len(run.of("rehouse:Gate"))
    assert 1 == len([each for each in run.names("providers:docker") if "router" not in each])


@pytest.mark.parametrize(
    ("percent", "expected"), [({0: 100, 1: 0}, (100, 0)), ({0: 99, 1: 1}, (100, 1))]
)
def test_no_share_is_lost_in_rounding(percent: dict[int, int], expected: tuple[int, int]):
    """Nothing is nothing, and one percent is something."""
    old, new = generation(0), generation(1)
    both = Ledger().deployed(old, "x", "y").raised(new, "x", "y")
    shifted = both.shifted({old.name: percent[0], new.name: percent[1]})
    assert expected == tuple(shares_of(shifted).values())


def test_our_providers_are_kept_by_reference():
    """What is kept in the state is the name of a class, so that a newer Rehouse uses its own code."""
    run = update(service(FULL))
    ours = [each for each in run.declared if "pulumi-python:dynamic" in each.type]
    assert {"Gate", "Traffic", "RouterHome", "BridgeNetwork", "PulledImage", "SecretVolume"} == {
        each.type.rpartition(":")[2] for each in ours
    }
    for each in ours:
        kept = base64.b64decode(each.options["object"]["__provider"])
        assert type(pickle.loads(kept)).__module__.startswith("rehouse.components.")
        assert len(kept) < 120, each.name


def ledger(run: Run) -> Ledger:
    return Ledger.model_validate_json(run.outputs["web-ledger"])


def plan(run: Run) -> dict[str, Any]:
    (traffic,) = run.of("rehouse:Traffic")
    return dict(json.loads(traffic.inputs["plan"]))


def refusal(program: Any, last: Run | None = None) -> str:
    with pytest.raises(pulumi.RunError) as raised:
        update(program, last)
    return str(raised.value)
