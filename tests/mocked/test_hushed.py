"""What the Pulumi SDK would tell with --debug is cut before the values."""

import pulumi
import pytest

from rehouse.components.hushed import hush


def test_messages_end_before_the_properties(monkeypatch: pytest.MonkeyPatch):
    """Once is enough; other messages are told whole, with what goes with them."""
    told: list[tuple] = []
    monkeypatch.setattr(pulumi.log, "debug", lambda *all_, **options: told.append((all_, options)))
    hush()
    once = pulumi.log.debug
    hush()
    assert once is pulumi.log.debug
    pulumi.log.debug("register resource outputs prepared: urn=u, props=hunter2")
    pulumi.log.debug("Invoking function", None, ephemeral=True)
    assert told == [
        (("register resource outputs prepared: urn=u",), {}),
        (("Invoking function", None), {"ephemeral": True}),
    ]
