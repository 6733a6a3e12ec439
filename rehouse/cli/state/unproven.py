"""A generation that stood in part before an update, and has no gate: a killed one was raising or retiring it.

Its instances may be stopped and its networks gone, and the state knows nothing of it. What a killed update was deleting
the engine forgets with the next one, and it writes down who is live only once all deletions are done.
"""

from collections.abc import Iterable

from rehouse.cli.outcome import Outcome
from rehouse.cli.reality.inventory import Resource, is_instance

GATE = ":Gate"
PROVIDER = "pulumi:providers:"


def suspects(outcome: Outcome) -> set[str]:
    """Generations of which something stood, and something that had to be made failed, a gate or an instance.

    None where the update went well, was interrupted, or had no time left.
    """
    if outcome.well or outcome.interrupted or outcome.ended.late:
        return set()
    made = [each for each in outcome.failed() if each["op"] == "create"]
    failed = {_generation(each) for each in made if is_instance(each) or _is_gate(each)}
    stood = [_name(each) for each in outcome.steps() if each["op"] == "same"]
    return {name for name in failed if any(each.startswith(f"{name}-") for each in stood)}


def unproven(names: Iterable[str], resources: Iterable[Resource]) -> list[str]:
    """The URNs of all that the state has of these generations; one whose gate it has was proven, and is left alone."""
    known = [each for each in resources if not each["type"].startswith(PROVIDER)]
    proven = {_generation(each) for each in known if _is_gate(each)}
    wanted = tuple(f"{name}-" for name in names if name not in proven)
    return [each["urn"] for each in known if _name(each).startswith(wanted)]


def _is_gate(resource: Resource) -> bool:
    return str(resource["type"]).endswith(GATE)


def _generation(resource: Resource) -> str:
    """Of a gate or an instance: the rest of its name is ``gate`` or a number."""
    return _name(resource).rpartition("-")[0]


def _name(resource: Resource) -> str:
    return str(resource["urn"]).rpartition("::")[2]
