"""The kinds of houses: one module and one entry each."""

from rehouse.components.targets.base import Builder
from rehouse.components.targets.container import ContainerHouse, provider_of

TARGETS: dict[str, Builder] = {"container": ContainerHouse}

__all__ = ["TARGETS", "provider_of"]
