"""An order is one step, taken on the ledger on which it was decided and on no other."""

# ruff: noqa: SIM300

from contextlib import nullcontext
from pathlib import Path

import pytest

from rehouse.components import notes
from rehouse.components.announcing import announce
from rehouse.components.declare import shares_of
from rehouse.components.errors import Contested, Refused
from rehouse.components.ledger import Ledger
from rehouse.components.order import VARIABLE, Order, must_be_meant_to_go, next_ledger
from tests.unit.makers import generation

WHO, WHEN = "ops@here", "2026-01-01T00:00:00+00:00"
A, B, C = (generation(number) for number in range(3))


@pytest.fixture
def last() -> Ledger:
    """A was live, now B is."""
    return Ledger().deployed(A, WHO, WHEN).deployed(B, WHO, WHEN)


def test_without_an_order_the_spec_is_deployed(last: Ledger):
    """A plain update is the whole replacement."""
    assert {C.name: 100} == next_ledger(last, C, None, WHO, WHEN).standing


def test_a_plain_update_leaves_a_quarantined_generation_alone(last: Ledger):
    """It changes nothing, not even the serial number."""
    failed = last.failed(C, "503", WHO, WHEN)
    assert failed is next_ledger(failed, C, None, WHO, WHEN)


def test_a_deploy_of_a_quarantined_generation_is_refused(last: Ledger):
    """Unless it is forced; then it is not quarantined any more."""
    failed = last.failed(C, "503", WHO, WHEN)
    with pytest.raises(Refused, match="is quarantined: 503"):
        order(failed, C, kind="deploy")
    forced = order(failed, C, kind="deploy", force=True)
    assert ({C.name: 100}, {}) == (forced.standing, forced.quarantined)


def test_a_rollback_goes_back_and_quarantines_what_it_leaves(last: Ledger):
    """The old generation has the traffic; the next plain update does not choose the new one again."""
    back = order(last, None, kind="rollback", generation=A.name, reason="slow")
    assert ({A.name: 100}, {B.name: "slow"}) == (back.standing, back.quarantined)
    assert back is next_ledger(back, B, None, WHO, WHEN)


@pytest.mark.parametrize(
    ("to", "told"), [("web-fffffff", "is not remembered"), (B.name, "is live already")]
)
def test_a_rollback_to_nowhere_is_refused(last: Ledger, to: str, told: str):
    """What is not remembered, and what is live."""
    with pytest.raises(Refused, match=told):
        order(last, None, kind="rollback", generation=to)


def test_a_rollback_to_a_quarantined_generation_is_refused(last: Ledger):
    """It failed before."""
    back = order(last, None, kind="rollback", generation=A.name, reason="slow")
    with pytest.raises(Refused, match="is quarantined: slow"):
        order(back, None, kind="rollback", generation=B.name)


def test_an_undo_with_a_reason_quarantines(last: Ledger):
    """What was live stays, what failed is remembered as such."""
    undone = order(last, C, kind="undo", reason="503")
    assert ({B.name: 100}, {C.name: "503"}) == (undone.standing, undone.quarantined)
    assert "quarantined" == undone.remembered[0].outcome


def test_an_undo_without_a_reason_changes_nothing(last: Ledger):
    """Something else was in the way: the same generation may be tried again."""
    assert last is order(last, None, kind="undo")


@pytest.mark.parametrize("kind", ["deploy", "undo", "rollback"])
def test_an_order_on_another_ledger_is_contested(last: Ledger, kind: str):
    """Somebody else deployed between the decision and the update: exit status 12, nothing done."""
    late = Order.model_validate({"kind": kind, "serial": last.serial - 1, "generation": A.name})
    with pytest.raises(Contested, match="somebody else has changed it") as raised:
        next_ledger(last, C, late, WHO, WHEN)
    assert 12 == raised.value.exit_code


def test_maintenance_is_an_order_of_its_own(last: Ledger):
    """The spec need not be looked at, and no instance has a share of the traffic until it is over."""
    closed = order(last, None, kind="close")
    assert (True, {B.name: 0}) == (closed.maintenance, shares_of(closed))
    assert {B.name: 100} == shares_of(order(closed, None, kind="open"))


def test_an_order_travels_in_the_environment():
    """And is for the service that it names, or for all; another one stays as it is."""
    text = Order(kind="deploy", serial=3, service="web").model_dump_json()
    assert 3 == (Order.given("web", {VARIABLE: text}) or pytest.fail("no order")).serial
    other = Order.given("api", {VARIABLE: text})
    last = Ledger().deployed(generation(), WHO, WHEN)
    assert last is next_ledger(last, None, other, WHO, WHEN)
    assert Order.given("web", {}) is None


def order(last: Ledger, wanted: object, **words: object) -> Ledger:
    asked = Order.model_validate({"serial": last.serial, **words})
    return next_ledger(last, wanted, asked, WHO, WHEN)  # type: ignore[arg-type]


def test_the_deadline_of_a_deploy_is_noted_for_whoever_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Not known before the program has read the spec; what is only half written is not read."""
    path = tmp_path / "notes"
    monkeypatch.setenv(notes.VARIABLE, str(path))
    assert notes.deadline(path) is None
    announce("web", B, Ledger(), Ledger().deployed(B, WHO, WHEN), Order(kind="deploy", serial=0))
    path.write_text(path.read_text() + '{"kind": "gen')
    assert 3600 == notes.deadline(path)


def test_a_plain_update_has_no_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nobody who would end it waits for it."""
    monkeypatch.setenv(notes.VARIABLE, str(tmp_path / "notes"))
    announce("web", B, Ledger(), Ledger().deployed(B, WHO, WHEN), None)
    assert notes.deadline(tmp_path / "notes") is None


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ({"kind": "deploy", "service": "web"}, True),
        ({"kind": "deploy", "service": "api"}, True),
        ({"kind": "undo", "service": "api"}, True),
        ({"kind": "undo", "service": "web"}, False),
        ({"kind": "abort"}, False),
    ],
)
def test_no_command_deletes_a_service_by_the_way(words: dict[str, object], refused: bool):
    """Only what undoes its own first deploy does; and a plain update, which does what the program says."""
    text = Order.model_validate({"serial": 1, **words}).model_dump_json()
    with pytest.raises(Refused, match="declares it no more") if refused else nullcontext():
        must_be_meant_to_go("web", {VARIABLE: text})
    must_be_meant_to_go("web", {})
