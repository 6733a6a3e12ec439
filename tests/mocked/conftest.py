"""What every program under Pulumi's mocks needs: nothing of this machine."""

from pathlib import Path

import pytest

from rehouse.components import service
from rehouse.components.service import FORBIDDEN
from tests.unit.makers import DIGEST


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No daemon is asked, and nothing is kept in the user's own folders."""
    monkeypatch.setattr(service, "pin", lambda *_: DIGEST)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for variable in FORBIDDEN:
        monkeypatch.delenv(variable, raising=False)
