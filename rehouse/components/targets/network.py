"""The network of one generation on one daemon, and the ports by which it is reached from elsewhere.

A resource of our own: the Pulumi provider sleeps two seconds before it looks at a network that it has
made, and again before it believes that one is gone (networkReadRefreshDelay in its sources).
"""

import json
import secrets
from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from rehouse.components.belongings import (
    PORTS_LABEL,
    create_network,
    free_ports,
    network_exists,
    remove_containers_in,
    remove_network,
)
from rehouse.components.daemon import connected
from rehouse.components.errors import OutOfReach
from rehouse.components.notes import errors_noted
from rehouse.components.site import Daemon


class BridgeNetwork(Resource, module="rehouse", name="BridgeNetwork"):
    """A bridge; its physical name ends in something random, as Pulumi's own would.

    It keeps *published* host ports: Docker's own choice is another one after every start of a container,
    and the one before may be somebody else's by then.
    """

    network: pulumi.Output[str]
    ports: pulumi.Output[Sequence[int]]

    def __init__(
        self,
        name: str,
        daemon: Daemon,
        published: int,
        labels: dict[str, str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        inputs = {
            "name": name,
            "daemon": daemon.model_dump_json(),
            "labels": json.dumps(labels),
            "published": published,
            "network": None,
            "ports": None,
        }
        super().__init__(BridgeNetworkProvider(), name, inputs, opts)


class BridgeNetworkProvider(ResourceProvider):
    """Create-only, like everything of a generation; only the way to its daemon may change."""

    serialize_as_secret_always = False

    @errors_noted()
    def create(self, props: dict[str, Any]) -> CreateResult:
        daemon = Daemon.model_validate_json(props["daemon"])
        name = f"{props['name']}-{secrets.token_hex(4)[:7]}"
        with connected(daemon) as client:
            try:
                ports = free_ports(client, int(props["published"]))
                kept = {PORTS_LABEL: " ".join(map(str, ports))} if ports else {}
                network = create_network(client, name, {**json.loads(props["labels"]), **kept})
            except LookupError as error:
                fix = "docker network prune, or more default-address-pools in the daemon's settings"
                raise OutOfReach(
                    f"network of {props['name']}", f"cannot be created: {error}", fix
                ) from error
        return CreateResult(network, {**props, "network": name, "ports": ports})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """For ``pulumi refresh``: one that is gone leaves the state."""
        with connected(Daemon.model_validate_json(props["daemon"])) as client:
            return ReadResult(id_ if network_exists(client, id_) else None, props)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=olds["daemon"] != news["daemon"])

    @errors_noted()
    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult({**olds, "daemon": news["daemon"]})

    @errors_noted()
    def delete(self, id_: str, props: dict[str, Any]) -> None:
        with connected(Daemon.model_validate_json(props["daemon"])) as client:
            # What the state knows is gone by now: this is what a client was creating when it was killed.
            remove_containers_in(client, props["network"], json.loads(props["labels"]))
            try:
                remove_network(client, id_)
            except LookupError as error:
                fix = f"see who uses it: docker network inspect {props['network']}; then run the update again"
                raise OutOfReach(
                    f"network {props['network']}", f"cannot be removed: {error}", fix
                ) from error
