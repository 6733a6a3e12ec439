"""These tests run inside the lab: `python -m lab run -- pytest tests/e2e`. Outside it they fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.postgres import Postgres, postgres
from tests.e2e.estate import Stack, docker_client, standing


@pytest.fixture(scope="session", autouse=True)
def lab() -> None:
    """A daemon that does not answer is a failure, never a skip."""
    with docker_client() as client:
        assert client.ping(), "run these tests with: python -m lab run -- pytest tests/e2e"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack of the test's own."""
    with standing(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A PostgreSQL for states."""
    with postgres() as raised:
        yield raised
