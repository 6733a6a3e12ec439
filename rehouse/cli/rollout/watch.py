"""What HAProxy measures of a new generation, against the limits in its spec."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.view.news import Waiting, as_event
from rehouse.components.front import Shift
from rehouse.components.haproxy import Haproxy, Traffic
from rehouse.components.ledger import Ledger
from rehouse.components.progress import Progress
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
    shift_of: Callable[[str], Shift | None],
    heed: Callable[[str, Ledger], None],
    on_event: OnEvent | None = None,
) -> Callable[[str, Ledger, float], str | None]:
    """For stages.follow; *heed* raises when somebody wants the command to end."""
    tell = on_event or (lambda _event: None)

    def watch(service: str, ledger: Ledger, seconds: float) -> str | None:
        heed(service, ledger)
        shifted, progress = shift_of(service), ledger.progress
        if shifted is None or progress is None:
            return None
        haproxy, rollout = Haproxy.behind(shifted.doors), progress.rollout

        def look() -> Measured:
            return measured(progress.generation, haproxy.traffic(shifted.front.backend))

        first, until, reason = look(), time.monotonic() + seconds, None
        tell(as_event(_waiting(progress, seconds, first, first)))
        while reason is None and (left := until - time.monotonic()) > 0:
            heed(service, ledger)
            time.sleep(min(POLL, left))
            now = look()
            tell(as_event(_waiting(progress, until - time.monotonic(), first, now)))
            reason = verdict(rollout, first, now)
        return reason

    return watch


def _waiting(progress: Progress, left: float, first: Measured, now: Measured) -> Waiting:
    return Waiting(
        progress.generation,
        progress.share,
        progress.bakes,
        tuple(progress.before),
        round(max(0.0, left), 1),
        now.answered - first.answered,
        now.failed - first.failed,
        now.latency,
    )
