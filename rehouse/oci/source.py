"""What the places have in common where images come from."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rehouse.oci.blobs import Checked

MOST_LAYERS = 512  # Linux mounts at most 500 on each other


@dataclass(frozen=True)
class Brought:
    """An image's configuration and what opens its layers, lowest first."""

    config: dict[str, Any]
    layers: Sequence[Callable[[], AbstractContextManager[Checked]]]


class Found(Protocol):
    """An image that is there; *digests* are what else it is called by its content."""

    @property
    def image_id(self) -> str: ...

    @property
    def digests(self) -> tuple[str, ...]: ...

    def bring(self, work: Path) -> Brought:
        """Raises OutOfReach, Unfaithful or Malformed, as the layers do later; *work* is a folder for large things."""


class Source(Protocol):
    def find(self, image: str, architecture: str) -> AbstractContextManager[Found]:
        """What the name stands for now. Raises OutOfReach, Wrong, Refused where it is for other machines."""
