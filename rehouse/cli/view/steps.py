"""Which step of a rollout the engine is at, by the resource that it works on."""

from rehouse.cli.rollout.guard import INSTANCE

_STEPS = {
    "rehouse:Gate": "prove",
    "rehouse:Traffic": "shift",
    "rehouse:BridgeNetwork": "raise",
    "rehouse:SecretVolume": "raise",
    "rehouse:PulledImage": "raise",
    INSTANCE: "raise",
}


def step_of(kind: str, operation: str) -> str | None:
    """raise, prove, shift or retire; None for what no operator cares about."""
    step = next((word for ending, word in _STEPS.items() if kind.endswith(ending)), None)
    return "retire" if step and operation.startswith("delet") else step
