"""Several stacks of one project, deployed by one command: each as if it had been deployed alone."""

import contextlib
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.aftermath import left_over, lock_files
from tests.e2e.clients import PATIENCE, Client, temporary
from tests.e2e.estate import Stack, standing

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
ALL = ("deploy", "--parallel", "2", "--stack", "shop-*")


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[list[Stack]]:
    """Three stacks of one project, not deployed yet."""
    with contextlib.ExitStack() as stacks:
        made = [
            stacks.enter_context(standing(tmp_path, stack=f"shop-{each}"))
            for each in ("a", "b", "c")
        ]
        for each in made:
            temporary(each)
            each.write(replicas=2)
        yield made


def test_each_is_live_and_a_failure_is_undone_alone(shops: list[Stack]) -> None:
    """All live; then one whose gate fails is as before (10) and the others are replaced. `pulumi up` agrees."""
    first = shops[0].rehouse(*ALL, "--json", timeout=PATIENCE)
    told = json.loads(first.stdout)["stacks"]
    assert (first.returncode, [each["code"] for each in told]) == (0, [0, 0, 0]), first
    assert [each["done"]["live"] for each in told] == [[each.generation()] for each in shops]
    assert [each for one in shops for each in left_over(one, one.generation())] == []
    before = [each.generation() for each in shops]
    agree(shops)
    failing(shops)
    second = shops[0].rehouse(*ALL, timeout=PATIENCE)
    rows = [line.split()[:2] for line in second.stdout.splitlines()[1:]]
    assert second.returncode == 10, second
    assert rows == [["shop-a", "0"], ["shop-b", "10"], ["shop-c", "0"]]
    assert "shop-b: undo   back to " in second.stderr
    assert "shop-b: fix: " in second.stderr
    live = [each.generation() for each in shops]
    assert [new == old for new, old in zip(live, before, strict=True)] == [False, True, False]
    assert [each for one, it in zip(shops, live, strict=True) for each in left_over(one, it)] == []
    shops[1].write(env={}, health={"http": "/healthz", "within": "15s"})
    agree(shops)


def test_a_signal_ends_each_in_order_and_begins_no_other(shops: list[Stack]) -> None:
    """Two wait at their gates: both are undone, the third was never begun, and the exit status says so."""
    for each in shops:
        each.write(env={"START_DELAY": "600000"}, health={"http": "/healthz", "within": "15m"})
    with Client(shops[0], *ALL) as client:
        for name in ("shop-a", "shop-b"):
            client.await_line(f"{name}: prove ")
        client.tell(signal.SIGTERM)
        ended = client.ended()
    rows = [line.split()[:2] for line in ended.out.splitlines()[1:]]
    assert (ended.code, rows) == (143, [["shop-a", "143"], ["shop-b", "143"], ["shop-c", "-"]]), (
        ended
    )
    assert [(each.containers(), lock_files(each)) for each in shops] == 3 * [([], [])]
    for each in shops:
        each.write(env={})
    assert shops[0].rehouse(*ALL, timeout=PATIENCE).returncode == 0
    assert all(each.serves() for each in shops)


def failing(shops: list[Stack]) -> None:
    """Something new for each, and the second one will not get well."""
    for each in shops:
        each.write(env={"NEXT": "1"})
    shops[1].write(env={"UNHEALTHY": "1"}, health={"http": "/healthz", "within": "2s"})


def agree(shops: list[Stack]) -> None:
    """A plain update has nothing to do."""
    for each in shops:
        plain = each.pulumi("up", "--yes", "--skip-preview")
        assert (plain.code, plain.changes()) == (0, {}), plain.output
