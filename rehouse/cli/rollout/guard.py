"""No running instance is ever changed in place: a preview that would is the end of the command."""

from typing import Any

from rehouse.cli.eventlog import Event
from rehouse.components.errors import Refused

CHANGES = ("update", "replace", "create-replacement", "delete-replaced")
NOTHING = ("same", "read", "refresh")
INSTANCE = "docker:index/container:Container"
ROUTER = "rehouse:index:Router$"

Step = dict[str, Any]  # one resource, as the engine tells of it: op, type, urn, and before as old
Patch = tuple[str, list[str]]  # an instance, and the properties that would change


def steps(events: list[Event]) -> list[Step]:
    return [each["resourcePreEvent"]["metadata"] for each in events if "resourcePreEvent" in each]


def planned(events: list[Event]) -> list[Step]:
    """All that would change anything."""
    return [each for each in steps(events) if each["op"] not in NOTHING]


def patches(events: list[Event]) -> list[Patch]:
    """The instances that the engine would update or replace."""
    return [
        (
            each["urn"].rpartition("::")[2],
            sorted(each.get("detailedDiff") or each.get("diffs") or ()),
        )
        for each in planned(events)
        if each["op"] in CHANGES and each["type"] == INSTANCE and ROUTER not in each["urn"]
    ]


def must_not_patch(found: list[Patch]) -> None:
    """Raises Refused, with the instance and the property named."""
    if not found:
        return
    told = "; ".join(
        f"{name} ({', '.join(properties) or 'all of it'})" for name, properties in found
    )
    raise Refused(
        "plan",
        f"would change running instances in place: {told}",
        "rehouse drift shows what differs; change the spec, so that a new generation is raised instead",
        "nothing was touched",
    )
