"""What several unit tests need around them."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehouse.cli.signals import HEEDED, SIGNALS, Signals


@pytest.fixture(autouse=True)
def no_records(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has begun no engine yet; the folder of what users' programs keep on it."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Heeded as in the command, and as before afterwards."""
    before = {each: signal.getsignal(each) for each in HEEDED}
    fresh = Signals()
    for name, value in vars(fresh).items():
        monkeypatch.setattr(SIGNALS, name, value)
    SIGNALS.heed()
    yield
    for each, handler in before.items():
        signal.signal(each, handler)
