"""What must be there, as the ledger says."""

from rehouse.cli.reality.inventory import take_inventory
from rehouse.components.ledger import Ledger
from rehouse.components.spec import Rollout
from tests.unit.makers import HERE, generation, spec


def test_in_the_middle_of_a_rolling_rollout_only_what_was_raised_is_expected():
    """What is not raised yet is not gone, and what was retired for it is not either."""
    old, new = (generation(spec=spec(replicas=3, env={"N": n})) for n in "01")
    ledger = Ledger().deployed(old, "ann@rack1", "2026-01-01T00:00:00+00:00")
    rolling = Rollout.model_validate({"strategy": "rolling", "pause": "promote"})
    begun = ledger.begun(new, rolling, "ann@rack1", "2026-01-01T00:00:00+00:00")
    names = [each.name for each in take_inventory("web", begun, (HERE,), []).places]
    assert [f"{old.name}-0", f"{old.name}-1", f"{new.name}-0"] == names
