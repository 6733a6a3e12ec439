"""What a generation declares, written down for each TEMPLATE.  python -m tests.mocked.snapshot"""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rehouse.components.generation import TEMPLATE
from tests.mocked.engine import Run, update
from tests.mocked.programs import FULL, on, service
from tests.unit.makers import DIGEST, HERE

FILE = Path(__file__).with_name("snapshots") / f"template-{TEMPLATE}.json"


def taken() -> str:
    """All that belongs to the generation of a spec that uses every key."""
    run = update(service(FULL, site=on(HERE)))
    return json.dumps(_of_the_generation(run), indent=2, sort_keys=True) + "\n"


def _of_the_generation(run: Run) -> dict[str, Any]:
    live = run.outputs["web"]
    # The gate is passed once: what it asks may change without a new generation.
    mine = [each for each in run.declared if live in each.name and "Gate" not in each.type]
    return {f"{each.type} {each.name}": each.inputs for each in mine}


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    with patch("rehouse.components.service.pin", return_value=DIGEST):
        FILE.write_text(taken())
