"""Remembered generations are compared by whatever tells them apart."""

# ruff: noqa: SIM300

import pytest

from rehouse.cli.rollout.remembered import compared, named, reasons
from rehouse.components.errors import Wrong
from rehouse.components.ledger import Ledger
from tests.unit.makers import generation

WHO, WHEN = "ops@here", "2026-01-01T00:00:00+00:00"
NAMES = {"a": "web-1a00000", "b": "web-1b00000", "c": "web-2c00000"}
A, B, C = (
    generation(number).model_copy(update={"name": name})
    for number, name in enumerate(NAMES.values())
)


@pytest.fixture
def ledger() -> Ledger:
    """C is live, B was before, and A before that."""
    return Ledger().deployed(A, WHO, WHEN).deployed(B, WHO, WHEN).deployed(C, WHO, WHEN)


def test_the_live_one_is_compared_with_the_one_before(ledger: Ledger):
    """From old to new."""
    found = compared(ledger, None, None)
    assert (B.name, C.name) == (found.before, found.after)
    assert ['env.NUMBER: "1" → "2"'] == [str(each) for each in found.changes]


def test_one_that_failed_was_not_live_before(ledger: Ledger):
    """It is remembered, and passed over."""
    failed = ledger.failed(generation(3), "503", WHO, WHEN)
    assert (B.name, C.name) == (compared(failed, None, None).before, *failed.live)


def test_what_a_rollback_left_is_compared_where_nothing_was_before():
    """It is quarantined for being left, and still what one asks about; of several the one left last."""
    back = Ledger().deployed(A, WHO, WHEN).deployed(B, WHO, WHEN)
    back = back.rolled_back(A.name, "slow", WHO, WHEN)
    assert (None, {B.name}) == (back.previous, set(back.quarantined))
    assert (B.name, A.name) == (compared(back, None, None).before, *back.live)
    later = back.failed(C, "503", WHO, WHEN)
    assert (C.name, A.name) == (compared(later, None, None).before, *later.live)


def test_two_are_compared_in_the_order_in_which_they_are_named(ledger: Ledger):
    """One alone is compared with the live one."""
    found = compared(ledger, C.name, A.name)
    assert ['env.NUMBER: "2" → "0"'] == [str(each) for each in found.changes]
    assert (A.name, C.name) == (compared(ledger, A.name, None).before, C.name)


@pytest.mark.parametrize("text", ["web-2c00000", "web-2", "2", "2c0"])
def test_a_beginning_is_enough(ledger: Ledger, text: str):
    """Of the name, or of its digest."""
    assert C.name == named(ledger, text).name


def test_a_whole_name_is_never_ambiguous():
    """Also where another one begins with it."""
    longer = A.model_copy(update={"name": f"{A.name}0"})
    ledger = Ledger().deployed(A, WHO, WHEN).deployed(longer, WHO, WHEN)
    assert A.name == named(ledger, A.name).name


@pytest.mark.parametrize(
    ("text", "told"),
    [("1", f"may be {B.name}, {A.name}"), ("web", "may be"), ("3", "is not remembered")],
)
def test_what_may_be_several_or_none_is_wrong(ledger: Ledger, text: str, told: str):
    """And the names that there are are said."""
    with pytest.raises(Wrong, match=told):
        named(ledger, text)


def test_nothing_to_compare_is_wrong():
    """No generation, or only one."""
    with pytest.raises(Wrong, match="nothing is live"):
        compared(Ledger(), None, None)
    with pytest.raises(Wrong, match="nothing that was live before web-1a00000"):
        compared(Ledger().deployed(A, WHO, WHEN), None, None)


def test_each_that_is_remembered_has_its_reason(ledger: Ledger):
    """Against the next older one; the oldest has nothing to be compared with."""
    told = [[str(each) for each in found] for found in reasons(ledger)]
    assert [['env.NUMBER: "1" → "2"'], ['env.NUMBER: "0" → "1"'], []] == told
    assert [] == reasons(Ledger())
