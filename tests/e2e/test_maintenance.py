"""`rehouse maintenance` turns users away, and everything else goes on."""

import urllib.error

import pytest

from tests.e2e.estate import Stack, eventually, listens

pytestmark = pytest.mark.e2e
TEXT = "We are back at ten."


def test_maintenance_holds_until_it_is_ended(stack: Stack) -> None:
    """Users read the text of the spec; the instances run on, and a plain update has nothing to do.

    It outlives a restart of HAProxy and a deploy; when it is off, the generation that stands has the traffic.
    """
    stack.up_or_fail()
    running = stack.unchanged()
    stack.up_or_fail(router={"publish": stack.port, "unavailable": TEXT})
    done = stack.rehouse_json("maintenance", "on")
    assert (done["maintenance"], done["changed"]) == (True, True)
    assert_closed(stack)
    assert stack.unchanged() == running
    assert stack.up_or_fail().changes() == {}
    stack.router_container().restart(timeout=1)
    assert_closed(stack)
    stack.write(env={"NEXT": "1"})
    deployed = stack.rehouse_json("deploy")
    assert (deployed["changed"], deployed["maintenance"]) == (True, True)
    assert_closed(stack)
    assert stack.rehouse_json("status")["maintenance"]
    assert stack.rehouse_json("maintenance", "off")["live"] == deployed["live"]
    assert [stack.generation()] == deployed["live"]
    assert stack.up_or_fail().changes() == {}
    assert not stack.rehouse_json("maintenance", "off")["changed"]


def test_there_is_no_maintenance_of_nothing(stack: Stack) -> None:
    """Refused, with what to do first."""
    stack.write()
    ended = stack.rehouse("maintenance", "on")
    assert (ended.returncode, "nothing was deployed yet" in ended.stderr) == (14, True)


def assert_closed(stack: Stack) -> None:
    eventually(lambda: listens(stack.port))  # HAProxy may be on its way up
    with pytest.raises(urllib.error.HTTPError) as raised:
        stack.answer()
    assert (raised.value.code, TEXT in raised.value.read().decode()) == (503, True)
