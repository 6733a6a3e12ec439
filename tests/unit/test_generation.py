"""A generation's name says everything that decides what runs, and nothing else."""

# ruff: noqa: SIM300

import hashlib
import os
import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from rehouse.components import generation as generation_module
from rehouse.components.errors import Wrong
from rehouse.components.generation import TEMPLATE, Generation
from rehouse.components.ledger import Ledger
from rehouse.components.site import Daemon
from tests.unit.makers import DIGEST, generation, spec

SECRET: dict[str, Any] = {"spec": spec(secrets=("TOKEN",)), "secrets": {"TOKEN": "hunter2"}}
GOLDEN = {2: ("web-00e2c05", "web-666e3d3")}

ELSEWHERE = """
from tests.unit.makers import generation, spec
env = {"B": "2", "A": "1"}
print(generation(spec=spec(env=env, secrets=("T", "S")), secrets={"S": "s", "T": "t"}).name)
"""


def test_the_same_inputs_give_the_same_name():
    """Made twice, it is the same generation."""
    assert generation() == generation()


def test_other_processes_give_the_same_name():
    """Neither the order of hashes nor the order in env or of the secrets' values matters."""
    seen = {in_another_process(seed) for seed in ("0", "1", "4711")}
    here = generation(
        spec=spec(env={"A": "1", "B": "2"}, secrets=("T", "S")), secrets={"T": "t", "S": "s"}
    )
    assert {here.name} == seen


@pytest.mark.parametrize(
    "change",
    [
        {"image": DIGEST.replace("0", "1")},
        {"target": "vm"},
        {"daemons": (Daemon(name="rack1"),)},
        {"daemons": (Daemon(url="ssh://ops@10.0.0.5"),)},
        {"daemons": (Daemon(), Daemon(name="rack1"))},
        {"spec": spec(service="api")},
        {"spec": spec(port=8081)},
        {"spec": spec(replicas=3)},
        {"spec": spec(command=("serve",))},
        {"spec": spec(env={"A": "b"})},
        {"spec": spec(secrets=("A",)), "secrets": {"A": ""}},
        {"spec": spec(health={"http": "/"})},
        {"spec": spec(health={"within": "31s"})},
        {"spec": spec(resources={"memory": "257MiB"})},
        {"spec": spec(resources={"cpus": 0.5})},
        {"spec": spec(resources={"pids": 5})},
        {"spec": spec(security={"user": "1"})},
        {"spec": spec(security={"read_only": False})},
        {"spec": spec(security={"capabilities": ("SYS_TIME",)})},
        {"spec": spec(stop={"signal": "SIGINT"})},
        {"spec": spec(stop={"grace": "11s"})},
    ],
    ids=str,
)
def test_what_decides_what_runs_changes_the_name(change: dict[str, Any]):
    """Each of them gives another generation."""
    assert generation(spec=spec()).name != generation(**{"spec": spec(), **change}).name


@pytest.mark.parametrize(
    "change",
    [
        {"spec": spec(rollout={"drain": "1s"})},
        {"spec": spec(router={"publish": 80})},
        {"spec": spec(router={"mode": "tcp"})},
        {"spec": spec(image="web:2")},
        {"secrets": {"NOT_NAMED": "x"}},
        {"key": "other/stack/web"},
        {"daemons": (Daemon(address=None, certificates="/etc/certs"),)},
        {"spec": spec(health={"within": "30000ms"})},
        {"spec": spec(resources={"memory": "256MiB", "cpus": 1})},
    ],
    ids=str,
)
def test_what_does_not_decide_what_runs_leaves_the_name(change: dict[str, Any]):
    """Rollout, router and a tag with the same pin give the same generation."""
    assert generation(spec=spec()).name == generation(**{"spec": spec(), **change}).name


def test_a_new_template_gives_a_new_name(monkeypatch: pytest.MonkeyPatch):
    """A target that declares something else replaces what stands, instead of changing it."""
    before = generation().name
    monkeypatch.setattr(generation_module, "TEMPLATE", TEMPLATE + 1)
    assert before != generation().name


def test_a_missing_secret_is_refused():
    """A secret that the stack does not know says how to set it."""
    with pytest.raises(Wrong) as raised:
        generation(spec=spec(secrets=("TOKEN",)), secrets={"OTHER": "x"})
    expected = (
        "service web: secret TOKEN has no value in this stack\n"
        "fix: pulumi config set --secret --path 'secrets.TOKEN'"
    )
    assert expected == str(raised.value)


def test_only_the_secrets_that_the_spec_names_are_kept():
    """Other secrets of the stack do not reach the generation."""
    made = generation(**{**SECRET, "secrets": {"TOKEN": "hunter2", "OTHER": "x"}})
    assert {"TOKEN": "hunter2"} == made.secrets


def test_another_value_of_a_secret_gives_another_name():
    """A secret that is changed is rolled out."""
    assert generation(**SECRET).name != generation(**{**SECRET, "secrets": {"TOKEN": "x"}}).name


def test_another_owner_of_the_same_secret_gives_another_name():
    """The hash of a secret is keyed by its stack, so two stacks cannot be compared."""
    assert generation(**SECRET).name != generation(**SECRET, key="project/prod/web").name


def test_two_secrets_of_the_same_value_are_hashed_differently():
    """Swapping which secret holds which value is a change."""
    both = spec(secrets=("A", "B"))
    first = generation(spec=both, secrets={"A": "x", "B": "y"})
    second = generation(spec=both, secrets={"A": "y", "B": "x"})
    assert first.name != second.name


def test_a_secret_is_hashed_slowly(monkeypatch: pytest.MonkeyPatch):
    """What goes into a public name is a costly hash, never the value itself."""
    hashed = []

    def costly(_value: bytes, **how: Any) -> bytes:
        hashed.append(how)
        return b"costly"

    monkeypatch.setattr(hashlib, "scrypt", costly)
    generation(**SECRET)
    expected = {"salt": b"project/stack/web/TOKEN", "n": 2**14, "r": 8, "p": 1}
    assert [expected] == hashed


def test_a_secret_that_is_no_text_is_refused():
    """Pulumi's own way to read a secret gives an output, whose value nobody has yet."""
    with pytest.raises(Wrong, match="secret TOKEN is object, and must be a text"):
        generation(**{**SECRET, "secrets": {"TOKEN": object()}})


def test_the_way_to_its_daemons_may_change():
    """Name and url say which machine it is; how it is reached is the site's business of today."""
    old = Daemon(name="a", url="tcp://10.0.0.1:2376", certificates="/old")
    new = old.model_copy(update={"certificates": "/new"})
    made = generation(daemons=(old,))
    assert (new,) == made.at((new,)).daemons
    assert (old,) == made.at((Daemon(name="b"),)).daemons


def test_identity_holds_no_secret():
    """What decides the name knows secrets by name only."""
    assert "hunter2" not in str(generation(**SECRET).spec.identity())


def test_no_secret_is_shown_with_a_generation_nor_with_a_ledger():
    """Neither as Python shows them, nor in the error of one that cannot be."""
    ledger = Ledger().deployed(generation(**SECRET), "ops@ci", "2026-01-01T00:00:00+00:00")
    assert "hunter2" in ledger.model_dump_json()
    with pytest.raises(ValidationError) as caught:
        Ledger.model_validate({**dict(ledger), "standing": {}, "quarantined": 5})
    with pytest.raises(ValidationError) as wrong:
        Generation.model_validate({**dict(generation(**SECRET)), "secrets": {"TOKEN": ["hunter2"]}})
    assert "hunter2" not in f"{ledger!r} {ledger} {caught.value} {wrong.value!r}"


def test_instances_are_spread_evenly():
    """Seven instances over three daemons stand 3, 2 and 2."""
    daemons = tuple(Daemon(name=name) for name in ("a", "b", "c"))
    placed = generation(spec=spec(replicas=7), daemons=daemons).placement()
    assert ["a", "b", "c", "a", "b", "c", "a"] == [daemon.name for daemon in placed]


def test_a_generation_survives_json():
    """The ledger keeps generations as JSON, with all that is needed to declare them again."""
    made = generation(**SECRET)
    assert made == Generation.model_validate_json(made.model_dump_json())


@pytest.mark.parametrize("which", [0, 1], ids=["plain", "with everything"])
def test_names_stay_what_they_are(which: int):
    """An accidental change of the canonical form would replace every service there is."""
    made = [generation(spec=spec()), with_everything()][which]
    explanation = (
        "the same spec gives another name: if that is meant, raise TEMPLATE in generation.py "
        "and add the new names to GOLDEN"
    )
    assert GOLDEN[TEMPLATE][which] == made.name, explanation


def with_everything() -> Generation:
    whole = spec(
        replicas=3,
        command=("serve", "--verbose"),
        env={"B": "2", "A": "ä"},
        secrets=("TOKEN",),
        health={"http": "/healthz", "within": "1500ms", "every": "250ms", "times": 2},
        resources={"memory": "1GiB", "cpus": 0.5, "pids": 64},
        security={"user": "1000:1000", "read_only": False, "capabilities": ("NET_BIND_SERVICE",)},
        stop={"signal": "SIGQUIT", "grace": "1m"},
    )
    daemons = (Daemon(), Daemon(name="rack1", url="ssh://ops@10.0.0.5"))
    return generation(spec=whole, daemons=daemons, secrets={"TOKEN": "hunter2"})


def in_another_process(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", ELSEWHERE]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return found.stdout.strip()
