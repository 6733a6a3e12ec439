"""The ledgers among the outputs of a stack."""

from collections.abc import Mapping

from pydantic import ValidationError

from rehouse.components.errors import OutOfReach
from rehouse.components.ledger import Ledger

ENDING = "-ledger"  # what the program calls the output that keeps the ledger of a service


def ledgers_in(outputs: Mapping[str, str]) -> dict[str, Ledger]:
    """Service to ledger. Raises OutOfReach: unreadable is never taken for empty."""
    texts = {name: text for name, text in outputs.items() if name.endswith(ENDING)}
    return {name.removesuffix(ENDING): _ledger(name, text) for name, text in texts.items()}


def _ledger(name: str, text: str) -> Ledger:
    try:
        return Ledger.model_validate_json(text)
    except ValidationError as error:
        what = f"cannot be read: {error.error_count()} values are not as this version has them"
        raise OutOfReach(f"output {name}", what, "use the version of the last update") from None
