"""No running instance is ever changed in place: a preview that would is the end of the command."""

from rehouse.cli.eventlog import Event
from rehouse.components.errors import Refused

CHANGES = ("update", "replace", "create-replacement", "delete-replaced")
INSTANCE = "docker:index/container:Container"
ROUTER = "rehouse:index:Router$"

Patch = tuple[str, list[str]]  # an instance, and the properties that would change


def patches(events: list[Event]) -> list[Patch]:
    """The instances that the engine would update or replace."""
    planned = [
        each["resourcePreEvent"]["metadata"] for each in events if "resourcePreEvent" in each
    ]
    return [
        (
            each["urn"].rpartition("::")[2],
            sorted(each.get("detailedDiff") or each.get("diffs") or ()),
        )
        for each in planned
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
