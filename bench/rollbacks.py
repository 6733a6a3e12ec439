"""How long a rollback takes beside a deploy: to a generation that is gone, and to one that still stands."""

from dataclasses import dataclass

from bench.bounds import Failed
from bench.commanded import Commanded


@dataclass(frozen=True)
class Back:
    """Seconds of each command."""

    deploy: float
    retired: float
    standing: float


def back(service: Commanded) -> Back:
    """One of each; what is live in the end was live before."""
    before = service.standing()
    service.change()
    deploy = service.call("deploy")
    retired = service.call("rollback")
    _must_stand(service, before)
    service.left_baking()
    standing = service.call("rollback")
    _must_stand(service, before)
    return Back(deploy, retired, standing)


def _must_stand(service: Commanded, before: dict[str, int]) -> None:
    now = service.standing()
    if now != before:
        raise Failed(f"rolled back to {now}, and it should have been {before}")
