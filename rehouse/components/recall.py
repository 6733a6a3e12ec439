"""What the state says of a service, read inside an update; and whether it is a state that was lost."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pydantic import ValidationError

from rehouse.components.daemon import connected, running
from rehouse.components.errors import OutOfReach
from rehouse.components.ledger import Ledger
from rehouse.components.site import Daemon

PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5, 1)  # seconds between attempts to read the state
INSIDE = "$"  # in the name of whatever a service consists of


def recall(service: str) -> Ledger:
    """The ledger as the last update of this stack left it; an empty one where there was none."""
    text = _read("readStackOutputs", "name").get(f"{service}-ledger")
    try:
        return Ledger.model_validate_json(text) if text else Ledger()
    except ValidationError as error:
        what = f"the ledger cannot be read: {error.error_count()} values are not as this version has them"
        fix = "use the version of Rehouse that made the last update, or a later one; rehouse status says more"
        raise OutOfReach(f"stack {_stack()}, output {service}-ledger", what, fix) from None


def must_not_be_lost(service: str, daemons: Sequence[Daemon]) -> None:
    """Raises OutOfReach where the state knows of nothing, and yet instances of the service run.

    They would be raised a second time. An update that was cut off is told from that: before it makes its
    first container, there is something of the service in the state.
    """
    label = f"{pulumi.get_project()}/{pulumi.get_stack()}"
    labels = {"rehouse.stack": label, "rehouse.service": service}
    if any(INSIDE in urn for urn in _read("readStackResourceOutputs", "stackName")):
        return
    for daemon in daemons:
        with connected(daemon) as client:
            found = running(client, labels)
        if found:
            raise _lost(label, daemon, found)


def _lost(label: str, daemon: Daemon, found: list[str]) -> OutOfReach:
    what = f"knows of nothing, and these instances of it run on Docker daemon {daemon.name}: {', '.join(found)}"
    fix = (
        "restore the state, or see that PULUMI_BACKEND_URL names the one that they were made with\n"
        "if nobody needs them any more: rehouse orphans --remove --force"
    )
    return OutOfReach(f"state of {label}", what, fix)


def _read(what: str, argument: str) -> Mapping[str, Any]:
    """The engine keeps writing its state meanwhile, and that of a folder (its .attrs) can be met half written."""
    for pause in PAUSES:
        try:
            answer = pulumi.runtime.invoke(f"pulumi:pulumi:{what}", {argument: _stack()}).value
        except Exception as error:  # noqa: BLE001  # the SDK raises nothing more special
            reason = " ".join(str(error).split())
            time.sleep(pause)
        else:
            return (answer or {}).get("outputs") or {}
    fix = "see that the state backend answers: pulumi stack output"
    what = f"its outputs, and in them the ledger, cannot be read: {reason}"
    raise OutOfReach(f"stack {_stack()}", what, fix)


def _stack() -> str:
    return f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
