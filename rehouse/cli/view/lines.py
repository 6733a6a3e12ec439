"""The news of a rollout as JSON, one object for each line of stdout."""

import time
from collections.abc import Callable

from rehouse.cli.output import print_line
from rehouse.cli.view.news import News, Probe, Step, Waiting, shape_of

EVERY = 10  # seconds between two lines that say that it still waits


class Lines:
    """Writes what is new: an answer that is like the one before is not, and waiting is told now and then."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun: dict[tuple[str, str], float] = {}
        self._answers: dict[str, Probe] = {}
        self._waits: tuple[str, int, bool] | None = None
        self._waited = 0.0

    def tell(self, news: News) -> None:
        if self._is_new(news):
            print_line({**shape_of(news), **self._seconds(news)})

    def _is_new(self, news: News) -> bool:
        if isinstance(news, Probe):
            last, self._answers[news.instance] = self._answers.get(news.instance), news
            return news != last
        if isinstance(news, Waiting):
            return self._is_due(news)
        return True

    def _is_due(self, news: Waiting) -> bool:
        waits, now = (news.generation, news.share, news.bakes), self._clock()
        due = waits != self._waits or now - self._waited >= EVERY
        if due:
            self._waits, self._waited = waits, now
        return due

    def _seconds(self, news: News) -> dict[str, float]:
        """How long what ends has taken."""
        if not isinstance(news, Step):
            return {}
        key, now = (news.step, news.name), self._clock()
        if news.state == "begins":
            self._begun[key] = now
            return {}
        return {"seconds": round(now - self._begun.pop(key, now), 3)}
