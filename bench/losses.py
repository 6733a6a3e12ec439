"""How many requests fail while a service is rolled out again and again under load."""

import time
from dataclasses import dataclass

from bench.contenders import Contender
from lab.load import Load, Mix
from lab.load_report import Failure

_PAUSE = 0.3


@dataclass(frozen=True)
class Loss:
    """What the strict clients of lab.load saw during some rollouts."""

    rollouts: int
    sent: int
    failed: int
    seconds: float
    failures: list[Failure]


def lose(contender: Contender, mix: Mix) -> Loss:
    """Rolls out until the mix is used up, in requests or in seconds."""
    assert contender.url, "there is nobody to ask"
    began, rollouts = time.monotonic(), 0
    with Load(contender.url, mix) as load:
        deadline = began + mix.max_seconds
        while not load.report().ended and time.monotonic() < deadline:
            contender.roll()
            rollouts += 1
            time.sleep(_PAUSE)
    report = load.report()
    seconds = round(time.monotonic() - began, 1)
    return Loss(rollouts, report.sent, report.failed, seconds, report.failures)


def together(losses: list[Loss]) -> Loss:
    return Loss(
        sum(each.rollouts for each in losses),
        sum(each.sent for each in losses),
        sum(each.failed for each in losses),
        sum(each.seconds for each in losses),
        [failure for each in losses for failure in each.failures],
    )
