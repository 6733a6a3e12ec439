"""A generation that does not get well never sees a user, and whoever deployed it reads why."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from lab.load import Load
from tests.e2e.estate import Stack, standing

pytestmark = pytest.mark.e2e


@dataclasses.dataclass(frozen=True)
class Broken:
    """What breaks it, what the message must say of it, and what its log must show."""

    name: str
    env: dict[str, str]
    reason: str
    answer: str
    log: str
    within: str = "1500ms"

    @property
    def spec(self) -> dict[str, Any]:
        return {"env": self.env, "health": {"http": "/healthz", "within": self.within}}


WELL: dict[str, Any] = {"env": {}, "health": {"http": "/healthz", "within": "15s"}}
NOT_WELL = "not well within 1.5 s"
UNHEALTHY = Broken(
    "answers 503", {"UNHEALTHY": "1"}, NOT_WELL, "503 Service Unavailable", "/healthz with 503"
)
KINDS = [
    UNHEALTHY,
    Broken("never listens", {"NEVER_LISTEN": "1"}, NOT_WELL, "", "told never to listen"),
    Broken("answers 500", {"HEALTH_500": "1"}, NOT_WELL, "500 Internal", "/healthz with 500"),
    Broken("exits at once", {"EXIT_AT_ONCE": "1"}, "exited ", "", "told to exit at once", "15s"),
    Broken("crashes after one", {"CRASH_AFTER": "1"}, "exited ", "", "told to crash", "15s"),
    Broken("starts too late", {"START_DELAY": "60000"}, NOT_WELL, "", "printed nothing"),
    Broken("flaps", {"FLAP": "1"}, NOT_WELL, "", "/healthz with 503"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that serves, and that no broken generation may disturb."""
    with standing(tmp_path_factory.mktemp("served")) as stack:
        stack.up_or_fail()
        yield stack


@pytest.mark.parametrize("broken", KINDS, ids=lambda broken: broken.name.replace(" ", "-"))
def test_a_broken_generation_gets_no_traffic_and_says_why(served: Stack, broken: Broken) -> None:
    """The update fails with instance, reason, last answer and log; users see the old one only, 0 failed."""
    live = served.generation()
    theirs = served.unchanged(live)
    with Load(served.url, rate=20) as load:
        run = served.up(**broken.spec)
    run.explains("gate of web-", "instance web-", broken.reason, "last answer: " + broken.answer)
    run.explains(broken.log, "fix: ", f"state: {live} stays live")
    assert_only(live, load)
    assert served.unchanged(live) == theirs


def test_it_fails_again_and_going_back_removes_it(served: Stack) -> None:
    """The failed gate is tried again, not forgotten; the ledger stays; the earlier spec cleans up."""
    live, ledger = served.generation(), served.ledger()
    theirs = served.unchanged(live)
    with Load(served.url, rate=20) as load:
        assert served.up(**UNHEALTHY.spec).code != 0
        served.up(**UNHEALTHY.spec).explains("gate of web-", NOT_WELL)
        assert served.ledger() == ledger
        assert len(served.generations()) > 1
        assert served.up_or_fail(**WELL).changes().keys() == {"deleted"}
    assert_only(live, load)
    assert (served.unchanged(), served.ledger()) == (theirs, ledger)
    assert len(served.networks()) == 1


def test_one_that_is_slow_but_in_time_takes_over(served: Stack) -> None:
    """health.within is how long a start may take: 0 failed, and the slow one has the traffic."""
    before = served.generation()
    with Load(served.url, rate=20) as load:
        served.up_or_fail(env={"START_DELAY": "1500"}, health={"http": "/healthz", "within": "15s"})
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report
    assert report.by_generation.keys() <= {before, served.generation()}
    assert before != served.generation()


def assert_only(generation: str, load: Load) -> None:
    report = load.report()
    assert (report.failed, report.truncated) == (0, 0), report
    assert list(report.by_generation) == [generation]
