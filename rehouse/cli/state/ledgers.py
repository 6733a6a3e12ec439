"""The ledgers among the outputs of a stack."""

from collections.abc import Callable, Mapping

from pydantic import ValidationError

from rehouse.components.ledger import Ledger

ENDING = "-ledger"  # what the program calls the output that keeps the ledger of a service


Why = Callable[[str, int], Exception]  # the error for an output with so many values that are wrong


def ledgers_in(outputs: Mapping[str, str], why: Why) -> dict[str, Ledger]:
    """Service to ledger. Raises what *why* makes: unreadable is never taken for empty."""
    texts = {name: text for name, text in outputs.items() if name.endswith(ENDING)}
    return {name.removesuffix(ENDING): _ledger(name, text, why) for name, text in texts.items()}


def _ledger(name: str, text: str, why: Why) -> Ledger:
    try:
        return Ledger.model_validate_json(text)
    except ValidationError as error:
        raise why(name, error.error_count()) from None
