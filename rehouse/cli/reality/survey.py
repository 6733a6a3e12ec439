"""What the commands that look at reality begin with: ledger, site and state of one service."""

from dataclasses import dataclass
from typing import Any, Protocol

from rehouse.cli.reality.inventory import Inventory, root_of, take_inventory
from rehouse.cli.rollout.updates import Result, chosen
from rehouse.components.errors import OutOfReach
from rehouse.components.haproxy import Haproxy, Seen
from rehouse.components.ledger import Ledger
from rehouse.components.site import Daemon, Site, read_site


class Configured(Protocol):
    """As much of the engine as says what the site is."""

    def config(self) -> dict[str, Any]: ...
    def label(self) -> str: ...


class Engine(Configured, Protocol):
    """As much of the engine as a look needs."""

    def ledgers(self) -> dict[str, Ledger]: ...
    def resources(self) -> list[dict[str, Any]]: ...
    def refresh(self, urns: list[str]) -> Result: ...


@dataclass(frozen=True)
class Survey:
    """One service of one stack."""

    service: str
    label: str
    ledger: Ledger
    resources: list[dict[str, Any]]
    site: tuple[Daemon, ...]
    inventory: Inventory

    @property
    def daemons(self) -> tuple[Daemon, ...]:
        """Those of the site, and those of what stands."""
        return tuple(dict.fromkeys((*self.inventory.daemons, *self.site)))


def survey(engine: Engine, service: str | None) -> Survey:
    """Raises Wrong where there is no such service, or several and none is named."""
    label = engine.label()
    name, ledger = chosen(engine.ledgers(), service)
    resources, daemons = engine.resources(), (site_of(engine) or Site()).daemons
    inventory = take_inventory(name or "", ledger, daemons, resources)
    return Survey(name or "", label, ledger, resources, daemons, inventory)


def alone(engine: Engine) -> None:
    """Nobody else was changing the stack just now. Raises Contested."""
    result = engine.refresh(root_of(engine.resources()))
    if not result.well:
        fix = "see that the state backend answers: pulumi stack ls"
        raise result.error() or OutOfReach("engine", result.said(), fix)


def servers_of(inventory: Inventory) -> list[Seen] | None:
    """What the router has, None where it does not answer or does not know the service."""
    if inventory.plan is None:
        return None
    try:
        return Haproxy.behind(inventory.plan.doors).servers(inventory.plan.front.backend)
    except OutOfReach:
        return None


def site_of(engine: Configured) -> Site | None:
    """As the stack's configuration has it, None where it has none. Raises Wrong."""
    project, _, stack = engine.label().partition("/")
    site = engine.config().get(f"{project}:site")
    return None if site is None else read_site(site, f"Pulumi.{stack}.yaml, site")
