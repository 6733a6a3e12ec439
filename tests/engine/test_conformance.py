"""The plugins know every name that the SDK classes in use can send: no daemon needed."""

import copy
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pulumi
import pulumi_docker
import pulumi_libvirt
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from engine.home import Engine, ready_engine
from tests.engine.names import Schema, differences

DOCKER = [
    (pulumi_docker.Provider, pulumi_docker.ProviderArgs),
    (pulumi_docker.Container, pulumi_docker.ContainerArgs),
    (pulumi_docker.RemoteImage, pulumi_docker.RemoteImageArgs),
    (pulumi_docker.Network, pulumi_docker.NetworkArgs),
    (pulumi_docker.Volume, pulumi_docker.VolumeArgs),
]
LIBVIRT = [
    (pulumi_libvirt.Provider, pulumi_libvirt.ProviderArgs),
    (pulumi_libvirt.Domain, pulumi_libvirt.DomainArgs),
    (pulumi_libvirt.Volume, pulumi_libvirt.VolumeArgs),
    (pulumi_libvirt.Network, pulumi_libvirt.NetworkArgs),
    (pulumi_libvirt.Pool, pulumi_libvirt.PoolArgs),
    (pulumi_libvirt.CloudInitDisk, pulumi_libvirt.CloudInitDiskArgs),
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return ready_engine()


@pytest.fixture(scope="module")
def docker(engine: Engine) -> Schema:
    return schema_of(engine.plugin("docker"))


@pytest.fixture(scope="module")
def libvirt(engine: Engine) -> Schema:
    return schema_of(engine.plugin("libvirt"))


@pytest.mark.parametrize(("cls", "args"), DOCKER, ids=lambda given: given.__name__)
def test_docker_plugin_knows_every_name(cls: type[pulumi.Resource], args: type, docker: Schema):
    """Not one input or output of a pulumi_docker class is dropped on the way."""
    assert differences(cls, args, docker) == []


@pytest.mark.parametrize(("cls", "args"), LIBVIRT, ids=lambda given: given.__name__)
def test_libvirt_plugin_knows_every_name(cls: type[pulumi.Resource], args: type, libvirt: Schema):
    """Not one input or output of a pulumi_libvirt class is dropped on the way."""
    assert differences(cls, args, libvirt) == []


def test_a_dropped_name_is_reported(docker: Schema):
    """The comparison can fail: a plugin without `image` and without a nested `target` is caught."""
    poorer = copy.deepcopy(docker.document)
    container = poorer["resources"]["docker:index/container:Container"]
    del container["inputProperties"]["image"]
    mounts = container["inputProperties"]["mounts"]["items"]["$ref"].removeprefix("#/types/")
    del poorer["types"][mounts]["properties"]["target"]
    found = differences(pulumi_docker.Container, pulumi_docker.ContainerArgs, Schema(poorer))
    assert [line.split(":")[0] for line in found] == [
        "Container input image",
        "Container input mounts.target",
        "Container output mounts.target",
    ]


def test_a_made_up_name_is_reported(docker: Schema):
    """The comparison can fail the other way: an SDK class with a name of its own is caught."""
    found = differences(pulumi_docker.Volume, Invented, docker)
    assert [line.split(";")[0] for line in found] == [
        "Volume input madeUp: the plugin has no such name"
    ]


@pulumi.input_type
class Invented:
    made_up: pulumi.Input[str] = pulumi.property("madeUp")


def schema_of(plugin: Path) -> Schema:
    with running(plugin) as port, grpc.insecure_channel(f"127.0.0.1:{port}", UNLIMITED) as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        answer = stub.GetSchema(provider_pb2.GetSchemaRequest(version=0), timeout=30)
    return Schema(json.loads(answer.schema))


UNLIMITED = [("grpc.max_receive_message_length", -1)]


@contextmanager
def running(plugin: Path) -> Iterator[int]:
    """A plugin says its port on the first line, then serves until it is ended."""
    process = subprocess.Popen([plugin], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()
