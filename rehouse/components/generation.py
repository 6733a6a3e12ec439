"""One immutable incarnation of a service, named by everything that decides what runs."""

import hashlib
import json
from collections.abc import Mapping
from typing import Self

from pydantic import Field

from rehouse.components.errors import Wrong
from rehouse.components.site import Daemon
from rehouse.components.sources import how_to_set
from rehouse.components.spec import Part, ServiceSpec

# Raise it whenever a target declares something else for the same spec: what stands is
# then replaced by an ordinary rollout and never changed in place.
TEMPLATE = 2


class Generation(Part):
    """What one name stands for. The image is pinned: a digest, or an id where it exists only locally."""

    name: str
    spec: ServiceSpec
    image: str
    target: str
    daemons: tuple[Daemon, ...]
    secrets: dict[str, str] = Field(repr=False)
    template: int = TEMPLATE

    @classmethod
    def make(
        cls,
        spec: ServiceSpec,
        image: str,
        target: str,
        daemons: tuple[Daemon, ...],
        secrets: Mapping[str, str],
        key: str,
    ) -> Self:
        """The generation of these inputs; the same inputs give the same name on every machine.

        *key* says whose secrets these are (project, stack and service): it keys their hashes.
        Raises Wrong where a secret that the spec names has no value.
        """
        values = {name: _secret(name, secrets, spec) for name in spec.secrets}
        decides = {
            "spec": spec.identity(),
            "image": image,
            "target": target,
            "daemons": [(daemon.name, daemon.url) for daemon in daemons],
            "secrets": {
                name: _keyed_hash(value, f"{key}/{name}") for name, value in values.items()
            },
            "template": TEMPLATE,
        }
        digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
        return cls(
            name=f"{spec.service}-{digest[:7]}",
            spec=spec,
            image=image,
            target=target,
            daemons=daemons,
            secrets=values,
        )

    def at(self, daemons: tuple[Daemon, ...]) -> Self:
        """The same generation, its daemons reached as the site says today: certificates and addresses move."""
        today = {(each.name, each.url): each for each in daemons}
        reached = tuple(today.get((each.name, each.url), each) for each in self.daemons)
        return self.model_copy(update={"daemons": reached})

    def placement(self) -> tuple[Daemon, ...]:
        """The daemon of each instance, in order: spread evenly."""
        return tuple(self.daemons[index % len(self.daemons)] for index in range(self.spec.replicas))


def _secret(name: str, secrets: Mapping[str, str], spec: ServiceSpec) -> str:
    if name not in secrets:
        what = f"secret {name} has no value in this stack"
        raise Wrong(f"service {spec.service}", what, how_to_set(name))
    if not isinstance(secrets[name], str):
        what = f"the value of secret {name} is {type(secrets[name]).__name__}, and must be a text"
        fix = "give it in clear when the program runs: pulumi.Config().require(...), not require_secret(...)"
        raise Wrong(f"service {spec.service}", what, fix)
    return secrets[name]


def _keyed_hash(value: str, key: str) -> str:
    """Slow on purpose: a generation's name is public and must not help to guess a weak secret.

    About 50 ms; n and r as RFC 7914, section 2, recommends for interactive use.
    """
    return hashlib.scrypt(value.encode(), salt=key.encode(), n=2**14, r=8, p=1).hex()
