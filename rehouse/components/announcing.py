"""What an update is about: for the command that runs it, and for the person that runs none."""

from dataclasses import asdict
from typing import Any

import pulumi

from rehouse.components.difference import changes
from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger
from rehouse.components.notes import note
from rehouse.components.order import Order
from rehouse.components.progress import Progress


def announce(
    service: str, wanted: Generation | None, last: Ledger, ledger: Ledger, order: Order | None
) -> None:
    """*wanted* is what the spec says, *last* the ledger as it was, *ledger* as it shall be. No secret is told.

    Nothing of a service that the update is not about.
    """
    if order and order.kind == "keep":
        return
    facts = {"service": service, "serial": last.serial, "live": list(ledger.live)}
    facts |= {"order": order.kind if order else None, "before": list(last.live)}
    facts |= {"standing": ledger.standing, "instances": {**_places(last), **_places(ledger)}}
    facts |= {"maintenance": ledger.maintenance, "progress": _dumped(ledger.progress)}
    if wanted:
        facts |= {"wanted": wanted.name, "image": wanted.image, "target": wanted.target}
        facts |= {
            "deadline": wanted.spec.rollout.deadline if order and order.kind == "deploy" else None
        }
        facts |= {"spec": wanted.spec.model_dump(mode="json"), "changes": _changes(last, wanted)}
    note("generation", **facts)
    if wanted and wanted.name in ledger.quarantined and ledger is last:
        reason = ledger.quarantined[wanted.name].partition("\n")[0]
        live = ", ".join(ledger.live) or "nothing"
        pulumi.log.warn(f"{wanted.name} is quarantined ({reason}), so {live} stays live")


def _dumped(progress: Progress | None) -> dict[str, Any] | None:
    return progress.model_dump(mode="json") if progress else None


def _changes(last: Ledger, wanted: Generation) -> list[dict[str, Any]]:
    """What makes it another one than the newest that is live."""
    live = [each for each in last.standing_generations() if each.name in last.live]
    return [asdict(each) for each in changes(live[-1], wanted)] if live else []


def _places(ledger: Ledger) -> dict[str, str]:
    """Instance to the name of its daemon, of all that stand."""
    return {
        f"{generation.name}-{index}": daemon.name
        for generation in ledger.standing_generations()
        for index, daemon in enumerate(generation.placement()[: ledger.instances_of(generation)])
    }
