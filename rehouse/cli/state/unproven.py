"""Instances that stood before an update, and have no gate: a killed one was raising or retiring them.

Such a one may be stopped, or gone, and the state knows nothing of it. What a killed update was deleting the
engine forgets with the next one, and it writes down who is live only once all deletions are done.
"""

from rehouse.cli.outcome import Outcome
from rehouse.cli.reality.inventory import is_instance

GATE = ":Gate"


def unproven(outcome: Outcome) -> list[str]:
    """Their URNs, where the update failed in a gate that it had to make for them; none where they are proven."""
    if outcome.well or outcome.interrupted or outcome.ended.late:
        return []
    gates = [each for each in outcome.failed() if each["type"].endswith(GATE)]
    made = {_name(each).removesuffix("-gate") for each in gates if each["op"] == "create"}
    return [
        each["urn"]
        for each in outcome.steps()
        if each["op"] == "same" and is_instance(each) and _name(each).rpartition("-")[0] in made
    ]


def _name(step: dict[str, str]) -> str:
    return step["urn"].rpartition("::")[2]
