"""What ledger and state say there must be, and where: instances, networks, the router's plan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rehouse.cli.rollout.guard import INSTANCE, ROUTER
from rehouse.components.errors import Wrong
from rehouse.components.front import Shift
from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger
from rehouse.components.site import Daemon

Resource = Mapping[str, Any]  # as the engine exports it

STACK = "pulumi:pulumi:Stack"
NETWORK = ":BridgeNetwork"
TRAFFIC = ":Traffic"
KEPT = (NETWORK, ":SecretVolume", ":RouterHome")  # what a refresh finds to be gone by itself


@dataclass(frozen=True)
class Place:
    """Where one instance must be; *container* is what the state knows of it, None where it knows nothing."""

    name: str
    generation: Generation
    daemon: Daemon
    container: str | None = None
    urn: str | None = None
    network: str | None = None

    def __str__(self) -> str:
        return f"{self.daemon.name}: {self.name}"


@dataclass(frozen=True)
class RouterPlace:
    """The container of an HAProxy of ours."""

    daemon: Daemon
    container: str
    urn: str

    def __str__(self) -> str:
        return "router"


@dataclass(frozen=True)
class Inventory:
    """One service of one stack: what must be there."""

    service: str
    places: tuple[Place, ...]
    networks: tuple[tuple[Daemon, str], ...]
    plan: Shift | None
    router: RouterPlace | None = None

    @property
    def daemons(self) -> tuple[Daemon, ...]:
        """Those of the instances and of the router."""
        everywhere = [each.daemon for each in self.places]
        own = [self.router.daemon] if self.router else []
        return tuple(dict.fromkeys(everywhere + own))


def take_inventory(
    service: str, ledger: Ledger, daemons: tuple[Daemon, ...], resources: Iterable[Resource]
) -> Inventory:
    """*daemons* are those of today's site: they say how the machines of a generation are reached."""
    known = list(resources)
    networks = {_name(each): each for each in known if each["type"].endswith(NETWORK)}
    instances = {_name(each): each for each in known if is_instance(each)}
    places = [
        _place(generation.at(daemons), index, instances, networks)
        for generation in ledger.standing_generations()
        for index in range(ledger.instances_of(generation))
    ]
    own = {(each.daemon, each.network) for each in places if each.network}
    return Inventory(
        service,
        tuple(places),
        tuple((daemon, network) for daemon, network in own if network),
        shift_of(service, known),
        _router(service, known),
    )


def is_instance(resource: Resource) -> bool:
    return resource["type"] == INSTANCE and ROUTER not in resource["urn"]


def of_generation(inventory: Inventory, ledger: Ledger, generation: str | None) -> list[Place]:
    """The instances of the named generation, or of those that are live. Raises Wrong where it does not stand."""
    names = (generation,) if generation else ledger.live
    found = [each for each in inventory.places if each.generation.name in names]
    if not found:
        standing = ", ".join(ledger.standing) or "nothing"
        fix = f"standing: {standing}" if ledger.standing else "rehouse deploy"
        raise Wrong(f"generation {generation or 'live'}", "does not stand", fix)
    return found


def the_instance(places: list[Place], number: int) -> Place:
    """Raises Wrong where there are not so many, or the state does not know it."""
    if number >= len(places):
        fix = f"the last is {len(places) - 1}"
        raise Wrong(f"instance {number}", "is not there", fix)
    if places[number].container is None:
        raise Wrong(str(places[number]), "is gone", "rehouse repair")
    return places[number]


def root_of(resources: Iterable[Resource]) -> list[str]:
    """The stack itself, by which the lock is taken without anything being looked at."""
    return [each["urn"] for each in resources if each["type"] == STACK]


def _place(
    generation: Generation,
    index: int,
    instances: Mapping[str, Resource],
    networks: Mapping[str, Resource],
) -> Place:
    name, daemon = f"{generation.name}-{index}", generation.placement()[index]
    instance = instances.get(name, {})
    network = networks.get(f"{generation.name}-{daemon.name}", {}).get("outputs", {}).get("network")
    return Place(name, generation, daemon, instance.get("id"), instance.get("urn"), network)


def shift_of(service: str, resources: Iterable[Resource]) -> Shift | None:
    """What was shifted last."""
    for each in resources:
        if each["type"].endswith(TRAFFIC) and _name(each) == f"{service}-router-traffic":
            return Shift.model_validate_json(each["outputs"]["plan"])
    return None


def _router(service: str, resources: list[Resource]) -> RouterPlace | None:
    hosts = {each["urn"]: each.get("inputs", {}).get("host") for each in resources}
    for each in resources:
        if each["type"] == INSTANCE and _name(each) == f"{service}-router":
            url = hosts.get(each["provider"].rpartition("::")[0])
            daemon = Daemon(name="router", url=url or Daemon().url)
            return RouterPlace(daemon, each["id"], each["urn"])
    return None


def _name(resource: Resource) -> str:
    return str(resource["urn"]).rpartition("::")[2]
