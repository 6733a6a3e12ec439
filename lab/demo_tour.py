"""The story that the demo tells: a first version, a second under load, a third that is never well."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

from ruamel.yaml import YAML

from lab.demo_events import steps_of
from lab.demo_leftovers import identities, instances
from lab.demo_screen import Screen
from lab.demo_stack import Run, Stack
from lab.load import Load, Mix
from lab.load_report import Report
from lab.places import REGISTRY

PORT = 8000
URL = f"http://127.0.0.1:{PORT}"
REPLICAS, RATE = 2, 50
_NAMED = {"keepalive", "oneshot", "slow"}  # the requests whose answers name the generation
_SHOWN = 5
_NOTES = {
    "start": "engine, program",
    "router": "HAProxy",
    "prove": "the gate",
    "shift": "traffic moves",
    "finish": "state is written",
}


class NotAsExpected(Exception):
    """Something of the demo went otherwise than it was to go."""


class Tour:
    """Each chapter does one thing, checks what came of it, and shows it."""

    def __init__(self, stack: Stack, screen: Screen) -> None:
        self._stack, self._screen = stack, screen
        self._names: dict[str, str] = {}  # generation: what it is

    def go(self) -> None:
        first = self._first()
        began = time.time()
        with Load(URL, rate=RATE) as load:
            second = self._second(first, load)
            untouched = identities(instances(second))
            third = self._third(second, load)
            self._back(second, third, untouched)
        self._whole(load.report(), began, third)

    def _first(self) -> str:
        run = self._up("version 1", _spec(1))
        self._expect(run.code == 0, "version 1", "pulumi up failed", run)
        name = self._answering("version 1")
        self._screen.chapter(1, f"Version 1 is deployed: {name}", run.seconds)
        self._screen.steps(run, _notes(name))
        self._screen.good(f"{URL} answers as {name}")
        return name

    def _second(self, old: str, load: Load) -> str:
        time.sleep(1)
        run = self._up("version 2", _spec(2))
        self._expect(run.code == 0, "version 2", "pulumi up failed", run)
        new = self._answering("version 2")
        self._expect(new != old, "version 2", f"{old} still answers", run)
        report = _after(load, 1)
        self._screen.chapter(2, f"Version 2 takes over under load: {new}", run.seconds)
        self._screen.steps(run, _notes(new, old))
        self._screen.facts(**_handover(report, run, old, new))
        self._screen.good(f"{_failures(report)} of {report.sent:,} requests till now")
        return new

    def _third(self, live: str, load: Load) -> str:
        run = self._up("version 3", _spec(3, {"UNHEALTHY": "1"}))
        failed = [each.name for each in steps_of(run.events) if each.failed]
        self._expect(run.code != 0, "version 3", "pulumi up took what is never well", run)
        self._expect(failed == ["prove"], "version 3", f"failed at {failed}, not at its gate", run)
        name = next(e.resource for e in run.events if e.kind == "failed").removesuffix("-gate")
        self._names[name] = "version 3"
        self._screen.chapter(3, f"Version 3 is never well: {name}", run.seconds)
        self._screen.steps(run, _notes(name))
        self._screen.quote(run.diagnostics)
        self._expect(self._answering() == live, "version 3", f"{live} is not live", run)
        report = _after(load, 0.5)
        self._screen.good(f"pulumi up ended with {run.code}; {live} is live")
        self._screen.good(f"{_failures(report)} of {report.sent:,} requests till now")
        return name

    def _back(self, live: str, failed: str, untouched: list[str]) -> None:
        run = self._up("version 2 again", _spec(2))
        self._expect(run.code == 0, "version 2 again", "pulumi up failed", run)
        self._expect(self._answering() == live, "version 2 again", f"{live} is not live", run)
        left, now = instances(failed), identities(instances(live))
        self._expect(not left, "version 2 again", f"still there: {', '.join(left)}", run)
        self._expect(now == untouched, "version 2 again", f"{live} was restarted", run)
        self._screen.chapter(4, "Back to the spec of version 2", run.seconds)
        self._screen.steps(run, {**_NOTES, "retire": f"what was left of {failed}"})
        self._screen.good(f"{live} is live: its {len(now)} containers run since chapter 2")

    def _whole(self, report: Report, began: float, failed: str) -> None:
        rows: list[tuple[str, ...]] = [("requests", "answered", "first", "last")]
        for name, what in self._names.items():
            times = [at.get(name) for at in (report.first, report.last)]
            spoken = [f"{at - began:.1f} s" if at else "never" for at in times]
            rows.append((f"{name}, {what}", f"{report.by_generation.get(name, 0):,}", *spoken))
        others = sum(count for kind, count in report.by_kind.items() if kind not in _NAMED)
        rows.append(("uploads and streams", f"{others:,}", "", ""))
        rows.append(("failed", f"{report.failed:,}", "", ""))
        rows.append(("in all", f"{report.sent:,}", "", ""))
        self._screen.rule()
        self._screen.columns(*rows)
        self._screen.say()
        if report.failed:
            raise NotAsExpected(_lost(report, began))
        if failed in report.by_generation:
            raise NotAsExpected(f"requests: {failed} answered, which had not passed its gate")

    def _up(self, what: str, spec: dict[str, Any]) -> Run:
        with (self._stack.folder / "web.yaml").open("w") as file:
            YAML(typ="safe").dump(spec, file)
        with self._screen.busy(what):
            return self._stack.up(self._screen.event)

    def _answering(self, what: str = "") -> str:
        """Who answers a user now; *what* it is, when it is new."""
        try:
            with urllib.request.urlopen(URL, timeout=5) as answer:
                name = str(json.load(answer)["generation"])
        except (OSError, ValueError, KeyError) as error:
            raise NotAsExpected(f"{URL}: no right answer: {error}") from error
        self._names.setdefault(name, what)
        return name

    def _expect(self, true: bool, where: str, what: str, run: Run) -> None:
        if not true:
            self._screen.quote(run.diagnostics or run.output)
            raise NotAsExpected(f"{where}: {what}")


def configuration(stack: Stack) -> dict[str, Any]:
    """Where the demo runs: this lab's Docker, and a router with its folder in the demo's."""
    router = {"image": f"{REGISTRY}/haproxy:2.6", "home": str(stack.folder / "router")}
    return {"spec": str(stack.folder / "web.yaml"), "site": json.dumps({"router": router})}


def _spec(version: int, env: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "service": "web",
        "image": f"{REGISTRY}/example:{version}",
        "port": 8080,
        "replicas": REPLICAS,
        "env": env or {},
        "health": {"http": "/healthz", "within": "3s"},
        "router": {"publish": PORT},
    }


def _notes(new: str, old: str = "") -> dict[str, str]:
    raised = f"{REPLICAS} containers of {new}"
    return {**_NOTES, "raise": raised, "retire": f"{old} is gone"}


def _handover(report: Report, run: Run, old: str, new: str) -> dict[str, str]:
    first, last = report.first[new] - run.began, report.last[old] - run.began
    mix = Mix()
    clients = mix.keepalive + mix.oneshot + mix.slow + mix.uploads + mix.streams
    return {
        "load": f"{clients} clients, each with at most {RATE} requests a second",
        "answers": f"first of the new after {first:.1f} s, last of the old after {last:.1f} s",
    }


def _after(load: Load, seconds: float) -> Report:
    time.sleep(seconds)
    return load.report()


def _failures(report: Report) -> str:
    return f"{report.failed:,} failed" if report.failed else "none failed"


def _lost(report: Report, began: float) -> str:
    lost = [f"  {e.time - began:7.2f} s  {e.kind}: {e.reason}" for e in report.failures[:_SHOWN]]
    return "\n".join([f"requests: {report.failed} of {report.sent} failed", *lost])
