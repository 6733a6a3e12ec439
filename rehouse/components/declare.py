"""The Pulumi program as a pure function of ledger and site."""

from typing import Any

import pulumi

from rehouse.components.gate import Gate
from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger
from rehouse.components.router import Router
from rehouse.components.site import Daemon, Site
from rehouse.components.spec import ServiceSpec
from rehouse.components.targets import TARGETS, provider_of
from rehouse.components.targets.base import Instance

HEAVIEST = 100  # HAProxy knows 0 to 256; 100 leaves a share of 1 % its own weight


def declare(
    ledger: Ledger, spec: ServiceSpec, site: Site, opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Everything that stands according to the ledger, behind the router. Resolves when the traffic is shifted.

    The engine creates, waits for the gates, shifts, and deletes last what is not declared any more.
    """
    providers: dict[Daemon, pulumi.ProviderResource] = {}
    shares = shares_of(ledger)
    gates: list[pulumi.Resource] = []
    servers: list[pulumi.Output[dict[str, Any]]] = []
    for generation in (each.at(site.daemons) for each in ledger.standing_generations()):
        instances = _raise(generation, ledger.instances_of(generation), providers, opts)
        if generation.name in ledger.quarantined:  # it failed, and stands to be looked at
            continue
        gates.append(_prove(generation, instances, ledger.before(generation.name), opts))
        servers += [_server(instance, shares[generation.name]) for instance in instances]
    router = Router(
        f"{spec.service}-router", spec, site.router, pulumi.Output.all(*servers), gates, opts
    )
    return router.shifted


def shares_of(ledger: Ledger) -> dict[str, int]:
    """HAProxy weight of one instance of each standing generation: percent, spread over its instances.

    In maintenance none has any: HAProxy then answers users itself, and goes on with its checks.
    """
    if ledger.maintenance:
        return dict.fromkeys(ledger.standing, 0)
    each = {
        g.name: ledger.standing[g.name] / ledger.instances_of(g)
        for g in ledger.standing_generations()
    }
    most = max(each.values(), default=0) or 1
    return {
        name: max(1, round(HEAVIEST * share / most)) if share else 0 for name, share in each.items()
    }


def _raise(
    generation: Generation,
    count: int,
    providers: dict[Daemon, pulumi.ProviderResource],
    opts: pulumi.ResourceOptions,
) -> list[Instance]:
    houses = {}
    placement = generation.placement()[:count]
    for daemon in dict.fromkeys(placement):
        if daemon not in providers:
            providers[daemon] = provider_of(daemon, generation.spec.service, opts)
        houses[daemon] = TARGETS[generation.target](generation, daemon, providers[daemon], opts)
    return [
        houses[daemon].place(f"{generation.name}-{index}") for index, daemon in enumerate(placement)
    ]


def _prove(
    generation: Generation,
    instances: list[Instance],
    before: str | None,
    opts: pulumi.ResourceOptions,
) -> Gate:
    trial = pulumi.Output.json_dumps(
        {
            "generation": generation.name,
            "health": generation.spec.health.model_dump(mode="json"),
            "before": before,
            "pids": generation.spec.resources.pids,
            "candidates": [
                {
                    "name": each.name,
                    "container": each.container,
                    "daemon": each.daemon.model_dump(),
                    "address": each.address,
                    "port": each.port,
                }
                for each in instances
            ],
        }
    )
    return Gate(f"{generation.name}-gate", trial, opts)


def _server(instance: Instance, weight: int) -> pulumi.Output[dict[str, Any]]:
    return pulumi.Output.all(instance.address, instance.port).apply(
        lambda where: {
            "name": f"{instance.name}_{where[0]}:{where[1]}",
            "address": f"{where[0]}:{where[1]}",
            "weight": weight,
        }
    )
