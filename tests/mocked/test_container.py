"""Containers are hardened as promised, and only TEMPLATE changes how."""

# ruff: noqa: SIM300

import json
from typing import Any

import pulumi
import pytest

from rehouse.components import service as service_module
from rehouse.components.generation import TEMPLATE
from rehouse.components.site import Daemon
from tests.mocked import snapshot
from tests.mocked.engine import Declared, Run, update
from tests.mocked.programs import FULL, RACKS, on, service
from tests.unit.makers import spec

IMAGE_ID = "sha256:" + "a" * 64

# Input of the container → what it is for the least spec, and for one that uses every key.
HARDENING: dict[str, tuple[Any, Any]] = {
    "image": (IMAGE_ID, IMAGE_ID),
    "command": (None, ["serve", "--verbose"]),
    "user": (None, "1000:1000"),
    "capabilities": (
        {"drops": ["ALL"], "adds": []},
        {"drops": ["ALL"], "adds": ["CAP_NET_BIND_SERVICE", "CAP_SYS_TIME"]},
    ),
    "securityOpts": (["no-new-privileges:true"], ["no-new-privileges:true"]),
    "readOnly": (True, True),
    "init": (True, True),
    "memory": (256, 128),
    "memorySwap": (256, 128),
    "cpus": ("1.0", "0.5"),
    "stopSignal": ("SIGTERM", "SIGQUIT"),
    "stopTimeout": (10, 20),
    "destroyGraceSeconds": (10, 20),
    "restart": ("unless-stopped", "unless-stopped"),
    "mustRun": (False, False),
    "logDriver": ("json-file", "json-file"),
    "logOpts": ({"max-size": "10m", "max-file": "3"},) * 2,
    "ports": (None, None),
    "privileged": (None, None),
    "pidMode": (None, None),
    "ipcMode": (None, None),
    "networksAdvanced": (None, None),
    "devices": (None, None),
    "hosts": (None, None),
    "name": (None, None),
    "uploads": (None, None),
}


@pytest.mark.parametrize("key", HARDENING)
def test_a_container_is_what_was_promised(key: str):
    """Each input has exactly this value, whoever wrote the spec."""
    least, full = container(update(service())), container(update(service(FULL)))
    assert HARDENING[key] == (least.inputs.get(key), full.inputs.get(key))


def test_a_writable_root_is_given_on_request():
    """security.read_only: false is the only way to one."""
    made = container(update(service(spec(security={"read_only": False}))))
    assert made.inputs["readOnly"] is False


def test_writable_memory_is_bounded():
    """/tmp and /run are small, hold no programs and no set-uid files."""
    tmpfs = container(update(service())).inputs["tmpfs"]
    assert {"/tmp", "/run"} == set(tmpfs)
    assert all("noexec,nosuid,size=" in options for options in tmpfs.values())


def test_the_network_is_the_generations_own():
    """A bridge for this generation on this daemon, and no other."""
    run = update(service())
    (network,) = run.of("BridgeNetwork")
    assert f"{run.outputs['web']}-local" == network.name
    assert f"{network.name}-random" == container(run).inputs["networkMode"]


def test_each_machine_has_a_network_of_its_own():
    """Bridges do not reach over machines."""
    run = update(service(spec(replicas=3), site=on(*RACKS)))
    assert [f"{run.outputs['web']}-{name}" for name in "abc"] == run.names("BridgeNetwork")


def test_labels_say_whose_it_is():
    """Whoever finds a container knows stack, service, generation and instance."""
    run = update(service())
    live = run.outputs["web"]
    labels = {each["label"]: each["value"] for each in container(run).inputs["labels"]}
    assert {
        "rehouse.stack": "shop/dev",
        "rehouse.service": "web",
        "rehouse.generation": live,
        "rehouse.instance": f"{live}-0",
    } == labels


def test_networks_and_volumes_carry_the_same_labels():
    """What is left over can be found by its labels, whatever it is."""
    run = update(service(FULL))
    (network,), (volume,) = run.of("BridgeNetwork"), run.of("SecretVolume")
    expected = {
        "rehouse.stack": "shop/dev",
        "rehouse.service": "web",
        "rehouse.generation": run.outputs["web"],
    }
    assert [expected] * 2 == [json.loads(each.inputs["labels"]) for each in (network, volume)]


def test_an_instance_knows_its_names():
    """The spec's environment, and two names of ours."""
    run = update(service(FULL))
    live = run.outputs["web"]
    own = [f"REHOUSE_GENERATION={live}", f"REHOUSE_INSTANCE={live}-0"]
    assert ["A=b=c", "LEVEL=info", *own] == container(run).inputs["envs"]


def test_an_instance_that_is_reached_directly_publishes_nothing():
    """On this machine the router reaches containers at their own addresses."""
    assert {"172.18.0.2:8080"} == addresses(update(service()))


def test_instances_elsewhere_get_ports_that_their_network_keeps():
    """None is fixed, so old and new stand side by side; none changes when an instance starts again."""
    run = update(service(spec(replicas=2), site=on(RACKS[0])))
    ports = [each.inputs["ports"] for each in run.of("Container") if "router" not in each.name]
    assert [[{"internal": 8080, "external": 20_000 + number}] for number in range(2)] == ports
    assert {"10.0.0.1:20000", "10.0.0.1:20001"} == addresses(run)


def test_the_address_of_a_machine_can_be_given():
    """Where the router reaches it at another address than we do."""
    daemon = Daemon(name="a", url="ssh://ops@jump", address="10.0.0.5")
    assert {"10.0.0.5:20000"} == addresses(update(service(spec(replicas=1), site=on(daemon))))


def test_secrets_are_mounted_read_only_from_a_volume_of_their_own():
    """They are files, never in the environment, and Pulumi encrypts what it is told."""
    run = update(service(FULL))
    (volume,) = run.of("SecretVolume")
    assert {"values"} == volume.secrets
    assert "1000:1000" == volume.inputs["user"]
    mount = {
        "containerPath": "/run/secrets",
        "volumeName": f"{volume.name}-random",
        "readOnly": True,
    }
    assert [mount] == container(run).inputs["volumes"]


def test_without_secrets_nothing_is_mounted():
    """No volume, no mount."""
    run = update(service())
    assert ([], None) == (run.of("SecretVolume"), container(run).inputs.get("volumes"))


def test_an_image_is_pulled_once_a_machine_and_kept():
    """By its digest; other generations and services may need it."""
    run = update(service(spec(replicas=6), site=on(*RACKS)))
    pulled = [each for each in run.of("PulledImage") if each.name != "web-router-image"]
    assert [rack.name for rack in RACKS] == sorted(
        json.loads(each.inputs["daemon"])["name"] for each in pulled
    )
    assert all("@sha256:" in each.inputs["image"] for each in pulled)


def test_an_image_that_is_only_local_is_not_pulled(monkeypatch: pytest.MonkeyPatch):
    """It is there already, and runs by its id."""
    monkeypatch.setattr(service_module, "pin", lambda *_: IMAGE_ID)
    run = update(service())
    assert ["web-router-image"] == run.names("PulledImage")
    assert IMAGE_ID == container(run).inputs["image"]


def test_each_machine_has_one_provider_with_its_address_in_the_name():
    """A provider that moved would believe that what runs at the old address runs at the new one."""
    here = update(service(site=on(Daemon(name="a", url="ssh://ops@10.0.0.1"))))
    there = update(service(site=on(Daemon(name="a", url="ssh://ops@10.0.0.2"))))
    (first,), (second,) = providers(here), providers(there)
    assert first.name != second.name
    assert ("ssh://ops@10.0.0.1", "ssh://ops@10.0.0.2") == (
        first.inputs["host"],
        second.inputs["host"],
    )


def test_three_machines_have_three_providers():
    """However many instances there are."""
    run = update(service(spec(replicas=9), site=on(*RACKS)))
    assert [rack.url for rack in RACKS] == sorted(each.inputs["host"] for each in providers(run))


def test_a_machine_that_only_ssh_knows_needs_an_address():
    """HAProxy needs numbers: the name is refused before anything is created, with the key to set."""
    with pytest.raises(
        pulumi.RunError, match=r"'rack\.invalid' is no known host\nfix: give the daemon"
    ):
        update(service(site=on(Daemon(name="a", url="ssh://ops@rack.invalid"))))


def test_the_way_to_a_machine_may_change():
    """Certificates moved: the same generation stands on, and all that reaches the daemon knows the new folder."""
    before, after = (
        Daemon(name="a", url="tcp://10.0.0.1:2376", certificates=folder)
        for folder in ("/old", "/new")
    )
    first = update(service(site=on(before)))
    second = update(service(site=on(after)), last=first)
    assert first.outputs["web"] == second.outputs["web"]
    (network,) = second.of("BridgeNetwork")
    assert "/new" == json.loads(network.inputs["daemon"])["certificates"]


def test_certificates_reach_the_provider():
    """tcp:// is spoken with TLS."""
    daemon = Daemon(name="a", url="tcp://10.0.0.1:2376", certificates="/etc/rehouse/a")
    (provider,) = providers(update(service(site=on(daemon))))
    assert "/etc/rehouse/a" == provider.inputs["certPath"]


def test_what_a_generation_declares_is_what_it_was():
    """Whatever is declared differently must come as a new generation, never as a change in place."""
    explanation = (
        "a generation declares something else than before: raise TEMPLATE in "
        "rehouse/components/generation.py, then run  python -m tests.mocked.snapshot"
    )
    assert snapshot.FILE.exists(), f"no snapshot of TEMPLATE {TEMPLATE} yet: {explanation}"
    assert json.loads(snapshot.FILE.read_text()) == json.loads(snapshot.taken()), explanation


def container(run: Run) -> Declared:
    """The first instance."""
    return next(
        each for each in run.of("container:Container") if each.name == f"{run.outputs['web']}-0"
    )


def addresses(run: Run) -> set[str]:
    (traffic,) = run.of("rehouse:Traffic")
    return {each["address"] for each in json.loads(traffic.inputs["plan"])["servers"]}


def providers(run: Run) -> list[Declared]:
    return [each for each in run.of("providers:docker") if each.name != "web-router-docker"]
