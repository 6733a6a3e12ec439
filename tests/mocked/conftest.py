"""What every program under Pulumi's mocks needs: nothing of this machine."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehouse.components import service
from rehouse.components.service import FORBIDDEN
from tests.unit.makers import DIGEST


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No daemon is asked, and nothing is kept in the user's own folders."""
    # Pulumi wants a loop of this thread, and asyncio.run of an earlier test leaves none.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    monkeypatch.setattr(service, "pin", lambda *_: DIGEST)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for variable in FORBIDDEN:
        monkeypatch.delenv(variable, raising=False)
    yield
    loop.close()
