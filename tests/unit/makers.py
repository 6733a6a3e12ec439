"""Small specs, generations and daemons for tests."""

from typing import Any

from rehouse.components.generation import Generation
from rehouse.components.site import Daemon
from rehouse.components.spec import ServiceSpec

DIGEST = "registry.example.com/web@sha256:" + "0" * 64
HERE = Daemon()


def spec(**changes: Any) -> ServiceSpec:
    """The least spec, and what a test is about."""
    least = {"service": "web", "image": "web:1", "port": 8080}
    return ServiceSpec.model_validate({**least, **changes})


def generation(number: int = 0, **changes: Any) -> Generation:
    """One of as many generations as there are numbers."""
    inputs: dict[str, Any] = {
        "spec": spec(env={"NUMBER": str(number)}),
        "image": DIGEST,
        "target": "container",
        "daemons": (HERE,),
        "secrets": {},
        "key": "project/stack/web",
    }
    return Generation.make(**{**inputs, **changes})
