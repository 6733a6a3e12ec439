"""What a command that was cut off has left: read from state, Docker, router and disk, and not from `rehouse`."""

import re
from pathlib import Path

from tests.e2e.estate import Stack

GENERATION = re.compile(r"(web-[0-9a-f]{7})(?=-)")


def lock_files(stack: Stack) -> list[Path]:
    return list((stack.folder / "state" / ".pulumi" / "locks").rglob("*.json"))


def in_the_state(stack: Stack) -> set[str]:
    """Generations of which the state knows anything."""
    names = [each["urn"].rpartition("::")[2] for each in stack.resources()]
    return {found[1] for name in names if (found := GENERATION.match(name))}


def is_unfinished(stack: Stack) -> bool:
    """Somebody has to look after it."""
    foreign = in_the_state(stack) - set(stack.ledger()["standing"])
    return bool(foreign or stack.pending() or lock_files(stack))


def in_the_router(stack: Stack) -> set[str]:
    return {found[1] for each in stack.servers() if (found := GENERATION.match(each.name))}


def orphans(stack: Stack) -> list[str]:
    """What carries the stack's label and is not in its state."""
    known = {each.get("id") for each in stack.resources()}
    things = [*stack.containers(), *stack.networks(), *stack.volumes()]
    return [each.name for each in things if each.id not in known]


def left_over(stack: Stack, live: str) -> list[str]:
    """What there is beside *live*, alone and at peace."""
    found: dict[str, object] = {
        "instances": sorted(each.labels["rehouse.generation"] for each in stack.containers()),
        "networks": [each.name[: len(live)] for each in stack.networks()],
        "servers": in_the_router(stack),
        "state": in_the_state(stack),
        "locks": lock_files(stack),
        "pending": stack.pending(),
        "temporary": list(Path(stack.variables["TMPDIR"]).iterdir()),
        "router": sorted(each.name for each in (stack.router_folder / "conf").iterdir()),
        "answers": stack.generation(),
    }
    wanted = {
        "instances": [live, live],
        "networks": [live],
        "servers": {live},
        "state": {live},
        "locks": [],
        "pending": [],
        "temporary": [],
        "router": ["web-router.cfg"],
        "answers": live,
    }
    return [f"{key}: {found[key]}" for key in wanted if found[key] != wanted[key]]
