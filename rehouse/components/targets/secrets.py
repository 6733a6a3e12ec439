"""The secrets of one generation on one daemon: a volume of files that the service's user alone can read.

A resource of our own: the Pulumi provider copies its uploads to a container's root, which Docker refuses
where that root is read-only.
"""

import json
import secrets
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
    create_volume,
    remove_containers_with,
    remove_volume,
    user_of,
    volume_exists,
)
from rehouse.components.daemon import connected
from rehouse.components.errors import OutOfReach
from rehouse.components.generation import Generation
from rehouse.components.notes import errors_noted
from rehouse.components.site import Daemon


class SecretVolume(Resource, module="rehouse", name="SecretVolume"):
    """Written once, and mounted read-only by every instance; its name ends in something random."""

    volume: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        generation: Generation,
        daemon: Daemon,
        image: pulumi.Input[str],
        labels: dict[str, str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        inputs = {
            "name": name,
            "daemon": daemon.model_dump_json(),
            "image": image,
            "user": generation.spec.security.user or "",
            "labels": json.dumps(labels),
            "values": pulumi.Output.secret(json.dumps(generation.secrets)),
            "volume": None,
        }
        super().__init__(SecretVolumeProvider(), name, inputs, opts)


class SecretVolumeProvider(ResourceProvider):
    """Create-only, like everything of a generation; only the way to its daemon may change."""

    serialize_as_secret_always = False

    @errors_noted()
    def create(self, props: dict[str, Any]) -> CreateResult:
        name = f"{props['name']}-{secrets.token_hex(4)[:7]}"
        with connected(Daemon.model_validate_json(props["daemon"])) as client:
            image, labels = props["image"], json.loads(props["labels"])
            owner = user_of(client, image, props["user"], labels)
            create_volume(client, name, labels, image, json.loads(props["values"]), owner)
        # What it answers is kept beside what it was asked, and needs no values.
        return CreateResult(name, {**props, "values": None, "volume": name})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """For ``pulumi refresh``: one that is gone leaves the state."""
        with connected(Daemon.model_validate_json(props["daemon"])) as client:
            return ReadResult(id_ if volume_exists(client, id_) else None, props)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=olds["daemon"] != news["daemon"])

    @errors_noted()
    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult({**olds, "daemon": news["daemon"]})

    @errors_noted()
    def delete(self, id_: str, props: dict[str, Any]) -> None:
        with connected(Daemon.model_validate_json(props["daemon"])) as client:
            # What the state knows is gone by now: this is what a client was creating when it was killed.
            remove_containers_with(client, id_, json.loads(props["labels"]))
            try:
                remove_volume(client, id_)
            except LookupError as error:
                fix = f"see who uses it: docker ps --all --filter volume={id_}; then run the update again"
                raise OutOfReach(f"volume {id_}", f"cannot be removed: {error}", fix) from error
