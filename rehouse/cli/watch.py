"""What HAProxy measures of a new generation, against the limits in its spec."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from rehouse.components.front import Shift
from rehouse.components.haproxy import Haproxy, Traffic
from rehouse.components.ledger import Ledger
from rehouse.components.spec import Rollout

POLL = 0.5  # seconds
FEWEST = 20  # requests: one bad answer of the first three says nothing about a rate


@dataclass(frozen=True)
class Measured:
    """Of all instances of one generation together."""

    answered: int
    failed: int
    latency: float  # seconds, the slowest instance's


def measured(generation: str, traffic: list[Traffic]) -> Measured:
    ours = [each for each in traffic if each.name.startswith(f"{generation}-")]
    latency = max((each.latency for each in ours), default=0.0)
    return Measured(sum(e.answered for e in ours), sum(e.failed for e in ours), latency)


def verdict(rollout: Rollout, first: Measured, now: Measured) -> str | None:
    """Why it must go, None while it keeps to its limits."""
    answered, failed = now.answered - first.answered, now.failed - first.failed
    if answered < FEWEST:
        return None
    percent = 100 * failed / answered
    if percent > rollout.max_errors:
        told = f"{failed} of {answered} requests failed, {percent:.1f} %"
        return f"{told}; rollout.max_errors allows {rollout.max_errors:g} %"
    if rollout.max_latency is not None and now.latency > rollout.max_latency:
        told = f"answers take {now.latency * 1000:.0f} ms on average"
        return f"{told}; rollout.max_latency allows {rollout.max_latency * 1000:.0f} ms"
    return None


def watcher(
    shift_of: Callable[[str], Shift | None], heed: Callable[[str, Ledger], None]
) -> Callable[[str, Ledger, float], str | None]:
    """For stages.follow; *heed* raises when somebody wants the command to end."""

    def watch(service: str, ledger: Ledger, seconds: float) -> str | None:
        shifted, progress = shift_of(service), ledger.progress
        if shifted is None or progress is None:
            return None
        haproxy, rollout = Haproxy.behind(shifted.doors), progress.rollout

        def look() -> Measured:
            return measured(progress.generation, haproxy.traffic(shifted.front.backend))

        first, until, reason = look(), time.monotonic() + seconds, None
        while reason is None and time.monotonic() < until:
            heed(service, ledger)
            time.sleep(min(POLL, max(0.0, until - time.monotonic())))
            reason = verdict(rollout, first, look())
        return reason

    return watch
