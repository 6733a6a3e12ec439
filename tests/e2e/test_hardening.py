"""What an instance is denied, which image it runs, and who can read its secrets."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.load import Load
from tests.e2e.estate import (
    REGISTRY,
    Stack,
    disguises,
    docker_client,
    eventually,
    kill_session,
    standing,
)

pytestmark = pytest.mark.e2e
SECRET = f"s3cret-{secrets.token_hex(8)}"
SUM = hashlib.sha256(SECRET.encode()).hexdigest()
WITH_SECRET: dict[str, Any] = {"secrets": ["TOKEN"], "replicas": 1}


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service with a secret and otherwise as little as a spec may say."""
    with standing(tmp_path_factory.mktemp("hardened")) as stack:
        stack.encrypt("TOKEN", SECRET)
        stack.up_or_fail(**WITH_SECRET)
        yield stack


def test_an_instance_has_what_it_needs_and_no_more(hardened: Stack) -> None:
    """No capabilities, privileges, writable root, swap, shared network, host port or endless log."""
    found = inspect(hardened)
    config, host = found["Config"], found["HostConfig"]
    held_back = {
        "CapDrop": ["ALL"],
        "CapAdd": [],
        "Privileged": False,
        "SecurityOpt": ["no-new-privileges:true"],
        "ReadonlyRootfs": True,
        "Memory": 256 * 1024**2,
        "MemorySwap": 256 * 1024**2,
        "PidsLimit": 256,
        "Init": True,
        "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
        "LogConfig": {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}},
        "Tmpfs": {
            "/run": "rw,noexec,nosuid,size=16m",
            "/tmp": "rw,noexec,nosuid,size=64m",
        },
    }
    assert {key: host[key] or type(value)() for key, value in held_back.items()} == held_back
    assert processors(host) == 1
    assert not any(host["PortBindings"] or {})
    assert not any(found["NetworkSettings"]["Ports"].values())
    [network] = hardened.networks()
    assert list(found["NetworkSettings"]["Networks"]) == [host["NetworkMode"]] == [network.name]
    assert (config["StopSignal"], config["StopTimeout"]) == ("SIGTERM", 10)
    assert config["User"] == "65532:65532"
    assert [(each["Destination"], each["RW"]) for each in found["Mounts"]] == [
        ("/run/secrets", False)
    ]


def test_a_secret_is_a_file_that_the_service_alone_can_read(hardened: Stack) -> None:
    """/run/secrets/TOKEN: mode 0400, of the user that the image says, with the right content."""
    about = hardened.answer("/file?path=/run/secrets/TOKEN")
    assert about == {"mode": "0400", "uid": 65532, "sha256": SUM}


def test_docker_does_not_show_the_secret(hardened: Stack) -> None:
    """Neither `docker inspect` of container, volume and network nor the logs hold it in any form."""
    [container] = hardened.containers()
    parts = [container, *hardened.volumes(), *hardened.networks()]
    shown = json.dumps([each.attrs for each in parts]) + container.logs().decode()
    for form in disguises(SECRET):
        assert form not in shown


def test_no_process_has_the_secret_in_its_arguments(hardened: Stack) -> None:
    """Looked at again and again while an update with that secret runs."""
    hardened.write(env={"NEXT": "1"})
    process, seen = hardened.start("up", "--yes", "--skip-preview"), set()
    try:
        while process.poll() is None:
            seen |= set(command_lines())
    finally:
        kill_session(process)
    assert process.returncode == 0, process.stdout and process.stdout.read()
    assert any("pulumi" in line for line in seen)
    assert not [line for line in seen for form in disguises(SECRET) if form in line]


def test_an_image_of_root_reads_its_secret_too(stack: Stack) -> None:
    """Where the image names no user, files belong to root, who runs without any capability."""
    stack.encrypt("TOKEN", SECRET)
    stack.up_or_fail(image=f"{REGISTRY}/example:root", **WITH_SECRET)
    about = stack.answer("/file?path=/run/secrets/TOKEN")
    assert about == {"mode": "0400", "uid": 0, "sha256": SUM}


def test_a_tag_that_moves_moves_nothing_that_stands(stack: Stack) -> None:
    """An instance runs the digest of the first day; the digest brings the generation back by name."""
    name = f"{REGISTRY}/moving-{secrets.token_hex(4)}"
    with docker_client() as client:
        digest = publish(client, "1", name)
        stack.up_or_fail(image=f"{name}:latest", replicas=1)
        first = stack.generation()
        assert stack.ledger()["remembered"][0]["generation"]["image"] == f"{name}@{digest}"
        assert publish(client, "2", name) != digest
        [container] = stack.containers()
        container.restart()
        assert f"{name}@{digest}" in image_of(inspect(stack))["RepoDigests"]
        eventually(lambda: version(stack) == "1")
        stack.up_or_fail()
        assert (stack.generation() != first, stack.answer()["version"]) == (True, "2")
        stack.up_or_fail(image=f"{name}@{digest}")
        assert (stack.generation(), stack.answer()["version"]) == (first, "1")


def test_an_image_that_is_only_local_is_pinned_by_its_id(stack: Stack) -> None:
    """No registry knows it; the instance runs exactly that image."""
    name = f"only-local-{secrets.token_hex(4)}"
    with docker_client() as client:
        source = client.images.pull(f"{REGISTRY}/example", tag="3")
        made = client.containers.create(source)
        local = made.commit(repository=name, tag="1")
        made.remove()
        try:
            stack.up_or_fail(image=f"{name}:1", replicas=1)
            assert stack.ledger()["remembered"][0]["generation"]["image"] == local.id
            assert inspect(stack)["Image"] == local.id
            assert stack.destroy().code == 0
            assert client.images.get(f"{name}:1").id == local.id
        finally:
            client.images.remove(f"{name}:1", force=True)


def test_an_instance_that_crashes_later_comes_back_as_itself(stack: Stack) -> None:
    """Docker starts it again; whoever answers is of the live generation, before and after."""
    stack.up_or_fail(env={"CRASH_AFTER": "100"})
    live = stack.generation()

    def restarts() -> int:
        return sum(each.attrs["RestartCount"] for each in stack.containers())

    with Load(stack.url, rate=10, uploads=0, streams=0) as load:
        eventually(lambda: restarts() >= 2)
        eventually(stack.serves)
    assert list(load.report().by_generation) == [live]
    assert stack.generations() == {live}
    assert stack.up_or_fail().changes() == {}


def inspect(stack: Stack) -> dict[str, Any]:
    [container] = stack.containers()
    return dict(container.attrs)


def version(stack: Stack) -> str | None:
    try:
        return str(stack.answer()["version"])
    except OSError:  # HAProxy has seen it down
        return None


def image_of(found: dict[str, Any]) -> dict[str, Any]:
    with docker_client() as client:
        return dict(client.images.get(found["Image"]).attrs)


def processors(host: dict[str, Any]) -> float:
    if host["NanoCpus"]:
        return float(host["NanoCpus"]) / 1e9
    return float(host["CpuQuota"]) / float(host["CpuPeriod"])


def publish(client: Any, version: str, name: str) -> str:
    """The example's version under the name's tag `latest`; its digest."""
    image = client.images.pull(f"{REGISTRY}/example", tag=version)
    image.tag(name, tag="latest")
    client.images.push(name, tag="latest")
    return str(client.images.get_registry_data(f"{name}:latest").id)


def command_lines() -> Iterator[str]:
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended meanwhile
            continue
