"""An image on a Docker daemon, pulled with the credentials of whoever runs the update.

A resource of our own: the Pulumi provider does not look for credentials where ``docker login`` keeps them
(``~/.docker/config.json`` and its helpers), so it could not pull what we were able to pin.
"""

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

from rehouse.components.daemon import connected, pull
from rehouse.components.errors import OutOfReach
from rehouse.components.notes import errors_noted
from rehouse.components.site import Daemon


class PulledImage(Resource, module="rehouse", name="PulledImage"):
    """Stays on the daemon when it is not declared any more: the way back is short."""

    image_id: pulumi.Output[str]

    def __init__(self, name: str, image: str, daemon: Daemon, opts: pulumi.ResourceOptions) -> None:
        inputs = {"image": image, "daemon": daemon.model_dump_json(), "image_id": None}
        super().__init__(PulledImageProvider(), name, inputs, opts)


class PulledImageProvider(ResourceProvider):
    serialize_as_secret_always = False

    @errors_noted()
    def create(self, props: dict[str, Any]) -> CreateResult:
        daemon, image = Daemon.model_validate_json(props["daemon"]), props["image"]
        with connected(daemon) as client:
            try:
                image_id = pull(client, image)
            except LookupError as error:
                what = f"cannot be pulled by Docker daemon {daemon.name}: {error}"
                fix = f"docker --host {daemon.url} pull {image}; where it asks who you are: docker login"
                raise OutOfReach(f"image {image}", what, fix) from error
        return CreateResult(image_id, {**props, "image_id": image_id})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=olds["image"] != news["image"], replaces=["image"])
