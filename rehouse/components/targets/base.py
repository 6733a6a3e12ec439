"""The seam between a generation and a target: place one instance of it, and say where it answers."""

from dataclasses import dataclass
from typing import Protocol

import pulumi

from rehouse.components.generation import Generation
from rehouse.components.site import Daemon


@dataclass(frozen=True)
class Instance:
    """One running copy of a generation, as far as gate and router need to know it."""

    name: str
    daemon: Daemon
    container: pulumi.Output[str]
    address: pulumi.Output[str]
    port: pulumi.Output[int]


class House(Protocol):
    """One machine of one generation."""

    def place(self, name: str) -> Instance:
        """Declares the instance. It may be running when the update goes on; the gate waits for it."""
        ...


class Builder(Protocol):
    """Declares what the instances of a generation share on one machine."""

    def __call__(
        self,
        generation: Generation,
        daemon: Daemon,
        provider: pulumi.ProviderResource,
        opts: pulumi.ResourceOptions,
    ) -> House: ...
