"""What several unit tests need around them."""

import signal
from collections.abc import Iterator

import pytest

from rehouse.cli.signals import HEEDED, SIGNALS, Signals


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
