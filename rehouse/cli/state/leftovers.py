"""What an engine was creating when it was killed, and Docker made all the same: taken away when an update has ended."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from rehouse.cli.output import stderr
from rehouse.cli.reality.inventory import Resource
from rehouse.cli.reality.orphans import Orphan, daemons_of, labelled, remove_all, unknown
from rehouse.cli.reality.survey import site_of
from rehouse.components.errors import OutOfReach
from rehouse.components.reality import Thing, machines

AGAIN = "rehouse orphans --remove, or the next update, tries it again"


class Engine(Protocol):
    """As much of the engine as this needs."""

    def resources(self) -> list[dict[str, Any]]: ...
    def config(self) -> dict[str, Any]: ...
    def label(self) -> str: ...


def take_away(engine: Engine, cut_off: list[dict[str, Any]], had_alone: Callable[[], None]) -> bool:
    """Whether nothing is left of what *cut_off* made. What went wrong with it is said: the update went well.

    *had_alone* returns once nobody is changing the stack: what is unknown then is not being created by another.
    Raises Contested, as it does.
    """
    known = engine.resources()
    daemons = daemons_of([*known, *cut_off], site_of(engine))
    try:
        with machines(daemons) as here:
            made = [each for each in labelled(engine.label(), here) if _is_of(each.thing, cut_off)]
            if left := unknown(made, known):
                had_alone()
                remove_all(unknown(left, engine.resources()), _say)
    except OutOfReach as error:
        stderr.print(f"left by a killed update: {error.where}: {error.what}; {AGAIN}", markup=False)
        return False
    return True


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
