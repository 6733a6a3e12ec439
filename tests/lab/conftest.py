"""These tests make labs of their own: they run outside any lab, as root."""

import secrets
from collections.abc import Iterator

import pytest

from tests.lab.labs import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Of a new name, not up; gone after the test, whatever happened in it."""
    yield from _lab()


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    """One that is up, for tests that leave it as it was."""
    for made in _lab():
        assert made.call("up").returncode == 0
        yield made


def _lab() -> Iterator[Lab]:
    made = Lab(f"t-{secrets.token_hex(4)}")
    try:
        yield made
    finally:
        made.let_go()
        made.call("down")
