"""What an engine was creating when it was killed, and Docker made all the same: taken away when an update has ended."""

from collections.abc import Iterable
from typing import Any, Protocol

from rehouse.cli.output import stderr
from rehouse.cli.reality.inventory import Resource
from rehouse.cli.reality.orphans import Orphan, daemons_of, labelled, remove_all, unknown
from rehouse.components.errors import Contested, RehouseError
from rehouse.components.reality import Thing, machines

FORGET = "--clear-pending-creates"
AGAIN = "rehouse orphans --remove, or the next update, tries it again"


class Engine(Protocol):
    """As much of the engine as this needs."""

    def deployment(self) -> dict[str, Any]: ...
    def resources(self) -> list[dict[str, Any]]: ...
    def label(self) -> str: ...


class Alone(Protocol):
    """Returns once nobody else is changing the stack, with *more* words for the engine. Raises Contested."""

    def __call__(self, *more: str) -> None: ...


def clear(engine: Engine, had_alone: Alone) -> None:
    """What cut-off creations made is taken away, and then they are forgotten; in this order: it may be killed, too.

    What goes wrong is said and never raised: the update before it went well.
    """
    try:
        deployment = engine.deployment()
        if cut_off := _cut_off(deployment):
            _take_away(engine, deployment.get("resources") or [], cut_off, had_alone)
            had_alone(FORGET)
    except Contested:
        return  # then that one does this at its end
    except (RehouseError, OSError) as error:  # the latter of Docker's client and of ssh
        what = f"{error.where}: {error.what}" if isinstance(error, RehouseError) else error
        stderr.print(f"left by a killed update: {what}; {AGAIN}", markup=False)


def _cut_off(deployment: dict[str, Any]) -> list[Resource]:
    """The creations that a killed engine did not end; an update keeps them for ever."""
    found = deployment.get("pending_operations") or []
    return [each["resource"] for each in found if each["type"] == "creating"]


def _take_away(
    engine: Engine, known: list[Resource], cut_off: list[Resource], had_alone: Alone
) -> None:
    """What is unknown once the stack was had alone is not being created by another.

    Where it can be, the state says: on each daemon the network comes first, and tells of it.
    """
    with machines(daemons_of([*known, *cut_off], None)) as here:
        made = [each for each in labelled(engine.label(), here) if _is_of(each.thing, cut_off)]
        if left := unknown(made, known):
            had_alone()
            remove_all(unknown(left, engine.resources()), _say)


def _say(removed: Orphan) -> None:
    what = f"{removed.place}: removed {removed.kind} {removed.name}"
    stderr.print(f"{what}, which a killed update had left", markup=False)


def _is_of(thing: Thing, cut_off: Iterable[Resource]) -> bool:
    return any(_made(each, thing) for each in cut_off)


def _made(creation: Resource, thing: Thing) -> bool:
    """A container has its name before it is made; of a network or a volume only the generation is known."""
    if name := creation["inputs"].get("name") if creation["type"].startswith("docker:") else None:
        return bool(thing.name == name)
    resource, generation = (
        creation["urn"].rpartition("::")[2],
        thing.labels.get("rehouse.generation", ""),
    )
    return "rehouse.instance" not in thing.labels and resource.startswith(f"{generation}-")
