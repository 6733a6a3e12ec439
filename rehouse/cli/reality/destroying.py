"""Everything of a stack goes: what its state knows, the router included, and what carries its label besides."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.reality.inventory import NETWORK, Resource
from rehouse.cli.reality.orphans import Orphan, remove_all, unknown
from rehouse.cli.reality.survey import Engine as Surveyed
from rehouse.cli.reality.survey import alone
from rehouse.cli.rollout.guard import INSTANCE, ROUTER
from rehouse.cli.rollout.updates import Result, failure_of

VOLUME = ":SecretVolume"


class Engine(Surveyed, Protocol):
    """As much of the engine as this needs."""

    def destroy(self, on_event: OnEvent | None = None) -> Result: ...


def destroy(
    engine: Engine,
    orphans: Sequence[Orphan],
    on_event: OnEvent | None,
    told: Callable[[Orphan], None],
) -> list[dict[str, Any]]:
    """What is gone, kind and name. *orphans* were found before: what others have made since is theirs.

    Raises what went wrong; what is left then goes when it is run again.
    """
    before = engine.resources()
    if before:
        result = engine.destroy(on_event)
        if not result.well:
            raise failure_of(result, "rehouse destroy", "what is left of it may still serve")
    else:
        alone(engine)
    remove_all(unknown(orphans, engine.resources()), told)
    return [*stood(before), *({"kind": each.kind, "name": each.name} for each in orphans)]


def stood(resources: Iterable[Resource]) -> Iterator[dict[str, Any]]:
    """What of the state an operator knows by name."""
    for each in resources:
        kind, outputs = each["type"], each.get("outputs", {})
        if kind == INSTANCE:
            name = each["urn"].rpartition("::")[2]
            yield {"kind": "router" if ROUTER in each["urn"] else "instance", "name": name}
        elif kind.endswith(NETWORK):
            yield {"kind": "network", "name": outputs["network"]}
        elif kind.endswith(VOLUME):
            yield {"kind": "volume", "name": outputs["volume"]}
