"""`rehouse` is killed in the middle of a rollout: users notice nothing, and the next command ends what was begun.

How many moments: KILLS, spread evenly over a rollout, each a little off by chance. SOAK=1: 40, and every boundary.
"""

import os
import random
import re
import time
from collections.abc import Callable

import pytest

from tests.e2e.clients import PATIENCE, Client, temporary
from tests.e2e.estate import Stack, eventually
from tests.e2e.kills import ROWS, Kill, Row, change, killed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(7200)]
SOAK = bool(os.environ.get("SOAK"))
KILLS = int(os.environ.get("KILLS", "40" if SOAK else "3"))
RETIRED = re.compile(r"retire .*-\d+$")
OF_A_DAEMON = re.compile(r"retire .*-local( done)?$")
CANARY = {"strategy": "canary", "steps": [30, 60], "pause": "2s"}


@pytest.fixture
def service(stack: Stack) -> Stack:
    """Two instances are live."""
    temporary(stack)
    stack.spec["replicas"] = 2
    stack.up_or_fail()
    return stack


def test_killed_at_a_step(service: Stack) -> None:
    """Command and engine die as a step begins or ends; the next deploy finishes, or goes back where the spec does."""
    lines, _ = a_rollout(service)
    kills = [
        Kill(f"after {lines[number - 1]}", after_lines(number), back=place % 3 == 2)
        for place, number in enumerate(boundaries(lines))
    ]
    judge(service, kills if SOAK else kills[:-1])


def test_killed_while_it_retires(service: Stack) -> None:
    """The old instances are being stopped, the new ones have the traffic: whatever goes back raises the old anew."""
    a_rollout(service)
    name = service.generation()
    kills = [
        Kill("an instance is retired", at_an_instance, back=True, new=False),
        Kill("its network is retired", at_a_network, back=True, new=False),
        Kill("its network is retired", at_a_network, back=True, new=False),
        Kill("an instance is retired", at_an_instance, end="abort", new=False),
        Kill("an instance is retired", at_an_instance, end="rollback", new=False),
    ]
    judge(service, kills)
    assert service.generation() == name


def test_killed_at_any_moment(service: Stack) -> None:
    """Command and engine die at moments spread over a whole rollout."""
    _, seconds = a_rollout(service)
    moments = [(number + random.random()) / KILLS * seconds for number in range(KILLS)]
    judge(
        service, [Kill(f"{each:.2f} of {seconds:.1f} s", after_seconds(each)) for each in moments]
    )


def test_killed_alone(service: Stack) -> None:
    """Only the command dies: the engine goes on to the end of its update, and lets go of the stack."""
    lines, _ = a_rollout(service)
    kills = [
        Kill(f"alone after {lines[number - 1]}", after_lines(number), alone=True)
        for number in boundaries(lines)
    ]
    judge(service, kills[:: 3 if SOAK else 4])


def test_a_canary_killed(service: Stack) -> None:
    """resume finishes it, abort undoes it, and where it is in progress deploy says that it is one of these.

    Also while the old generation is being retired: the ledger is written when that is done.
    """
    service.spec["rollout"] = CANARY
    kills = [
        Kill("canary, first shift", after_steps("shift", 1), end="resume"),
        Kill("canary, first shift", after_steps("shift", 1), end="abort", new=False),
        Kill("canary, second shift", after_steps("shift", 3), end="resume", refuses=True),
        Kill("canary, second shift", after_steps("shift", 3), end="abort", new=False, refuses=True),
        Kill("canary, a pause", after_steps("shift", 2), end="resume", refuses=True),
        Kill("canary, retire", after_steps("retire", 1), end="resume"),
        Kill("canary, retire", after_steps("retire", 1), end="abort", new=False),
    ]
    judge(service, kills if SOAK else kills[1:4])


def a_rollout(stack: Stack) -> tuple[list[str], float]:
    """What a rollout that nobody kills tells, and the seconds that it takes."""
    change(stack)
    with Client(stack, "deploy") as client:
        ended = client.ended()
    assert ended.code == 0, ended
    return client.steps(), ended.seconds


def boundaries(lines: list[str]) -> list[int]:
    """After how many lines a kind of work begins or ends; all of them in a soak."""
    if SOAK:
        return list(range(1, len(lines)))
    kinds = [(line.split()[0], line.endswith(" done")) for line in lines]
    return [kinds.index(each) + 1 for each in dict.fromkeys(kinds)]


def after_lines(count: int) -> Callable[[Client], None]:
    """As soon as the command has told of so many steps."""
    return lambda client: till(client, lambda: len(client.steps()) >= count)


def after_steps(step: str, count: int) -> Callable[[Client], None]:
    """As soon as it has told of this one so many times; each begins and ends."""

    def told(client: Client) -> bool:
        return sum(line.startswith(f"{step} ") for line in client.steps()) >= count

    return lambda client: till(client, lambda: told(client))


def at_an_instance(client: Client) -> None:
    """As soon as it has told that it retires one."""
    till(client, lambda: any(RETIRED.match(line) for line in client.steps()))


def at_a_network(client: Client) -> None:
    """As soon as it has told that it retires one: its instances are gone by then."""
    till(client, lambda: any(OF_A_DAEMON.match(line) for line in client.steps()))


def after_seconds(seconds: float) -> Callable[[Client], None]:
    return lambda _client: time.sleep(seconds)


def till(client: Client, true: Callable[[], bool]) -> None:
    eventually(lambda: true() or client.is_over(), PATIENCE, every=0.005)


def judge(stack: Stack, kills: list[Kill]) -> None:
    """Each of them after the other; all must have gone well."""
    print("\n" + ROWS.format("killed", "end", "at", "sent", "lost", "orphans", "recovery", ""))
    rows: list[Row] = []
    for each in kills:
        rows.append(killed(stack, each))
        print(rows[-1], flush=True)
    slowest = max(row.seconds for row in rows)
    print(
        f"{len(rows)} kills, {sum(row.lost for row in rows)} requests lost, {slowest:.1f} s at most"
    )
    assert [str(row) for row in rows if row.faults] == []
