"""`pulumi up` replaces a service generation by generation, and nobody who uses it notices."""

import pytest

from lab.load import Load
from tests.e2e.estate import REGISTRY, Stack

pytestmark = pytest.mark.e2e
ROLLOUTS = 20


@pytest.mark.timeout(300)
def test_twenty_rollouts_under_load_lose_nothing(stack: Stack) -> None:
    """20 rollouts under keep-alive, one-shot, slow, upload and stream clients: 0 failed, 0 truncated."""
    stack.up_or_fail()
    with Load(stack.url, rate=50) as load:
        for number in range(ROLLOUTS):
            before = stack.generation()
            stack.up_or_fail(
                image=f"{REGISTRY}/example:{number % 2 + 2}", env={"ROLLOUT": str(number)}
            )
            assert stack.generation() != before
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report
    assert len(report.by_generation) == ROLLOUTS + 1
