"""What is known of a rollout while it runs: its steps, its instances, and what it waits for."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rehouse.cli.view.news import Hook, News, Probe, Step, Update, Waiting
from rehouse.cli.view.plain import BACK, live_after, waiting

_WORDS = {  # of an instance, by step and whether that begins or ends
    ("raise", "begins"): "starting",
    ("raise", "done"): "started",
    ("drain", "begins"): "draining",
    ("drain", "done"): "drained",
    ("retire", "begins"): "stopping",
    ("retire", "done"): "retired",
}
MOVING = ("starting", "proving", "draining", "stopping")


@dataclass
class Row:
    """One instance; *began* and *ended* are of what it does, or did last."""

    place: str
    state: str
    began: float
    ended: float | None = None
    answer: str = ""
    good: bool = True
    share: int | None = None

    def turn(self, state: str, now: float) -> None:
        if state in MOVING and self.state != state:
            self.began, self.ended, self.answer = now, None, ""
        elif state not in MOVING and self.ended is None:
            self.ended = now
        self.state = state


@dataclass
class Stage:
    """One of the steps; *open* is what has begun and not ended."""

    began: float
    ended: float | None = None
    open: set[str] = field(default_factory=set)
    failed: bool = False
    over: bool = False  # a later update would begin it anew

    @property
    def state(self) -> str:
        if self.failed:
            return "failed"
        return "begins" if self.ended is None else "done"


class Board:
    """Told of news by one thread, drawn by another: whoever reads it holds the *lock*."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self.lock = clock, threading.Lock()
        self.began = clock()
        self.title, self.foot = "the engine starts", ""
        self.rows: dict[str, Row] = {}
        self.stages: dict[str, Stage] = {}
        self._standing: dict[str, int] = {}

    def tell(self, news: News) -> None:
        with self.lock:
            match news:
                case Update():
                    self._update(news)
                case Step():
                    self._step(news)
                case Probe():
                    self._probe(news)
                case Waiting():
                    self._wait(news)
                case Hook():
                    self.foot = f"hook {news.name}" if news.state == "begins" else ""

    def _update(self, news: Update) -> None:
        self.foot, self._standing = "", news.standing
        self.title = _title(news)
        for name, place in news.instances.items():
            live = _generation(name) in news.before
            self.rows.setdefault(name, Row(place, "live" if live else "waits", 0.0, 0.0))
        for stage in self.stages.values():
            stage.over = True
        self._end("bake", "")

    def _step(self, news: Step) -> None:
        if news.state == "begins":
            self._begin(news.step, news.name)
        else:
            self._end(news.step, news.name, failed=news.state == "failed")
        if news.step == "prove":
            self._prove(news)
        elif news.step == "shift" and news.state == "done":
            self._share()
        elif news.instance:
            state = _WORDS.get((news.step, news.state), "failed")
            self._row(news.name).turn(state, self.clock())

    def _begin(self, step: str, name: str) -> None:
        if step not in self.stages or self.stages[step].over:
            self.stages[step] = Stage(self.clock())
        stage = self.stages[step]
        stage.open.add(name)
        stage.ended = None

    def _end(self, step: str, name: str, failed: bool = False) -> None:
        if stage := self.stages.get(step):
            stage.open.discard(name)
            stage.failed = stage.failed or failed
            stage.ended = stage.ended if stage.open or stage.ended else self.clock()

    def _prove(self, news: Step) -> None:
        """The gate is one for all instances of a generation."""
        generation, now = news.name.removesuffix("-gate"), self.clock()
        for name, row in self.rows.items():
            if _generation(name) == generation and news.state == "begins":
                row.turn("proving", now)
            elif _generation(name) == generation and row.state == "proving":
                row.turn("proven" if news.state == "done" or row.good else "failed", now)

    def _probe(self, news: Probe) -> None:
        row = self._row(news.instance)
        if row.state == "proving":
            row.answer = (news.answer.splitlines() or [""])[0]
            row.good = news.good >= news.needed

    def _share(self) -> None:
        for name, row in self.rows.items():
            share = self._standing.get(_generation(name))
            if share is not None:
                row.turn("live" if share else "warm", self.clock())
                row.share = share if share < 100 else None

    def _wait(self, news: Waiting) -> None:
        self.foot = waiting(news)
        if news.bakes and "bake" not in self.stages:
            self._begin("bake", "")

    def _row(self, name: str) -> Row:
        return self.rows.setdefault(name, Row("", "waits", self.clock()))


def _title(news: Update) -> str:
    before, after = ", ".join(news.before), ", ".join(live_after(news))
    if news.order in BACK:
        return f"{news.service}: undo, back to {after or 'nothing'}"
    if before and before != after:
        return f"{news.service}: {before} -> {after}"
    return f"{news.service}: {after}"


def _generation(instance: str) -> str:
    return instance.rpartition("-")[0]
