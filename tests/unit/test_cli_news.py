"""What is told of a rollout: of the engine's events only what an operator cares about, and nothing twice."""

# ruff: noqa: SIM300

import json
from typing import Any

import pytest

from rehouse.cli.view.lines import EVERY, Lines
from rehouse.cli.view.news import (
    Hook,
    Probe,
    Step,
    Update,
    Waiting,
    as_event,
    news_in,
    news_of,
    shape_of,
)
from rehouse.cli.view.plain import is_news, line_of

CONTAINER = "docker:index/container:Container"
WAITS = Waiting("web-2", 20, False, ("web-1",), 2.5)
ASKED = Probe("web-2-0", 0, 3, "503 Service Unavailable: starting\nmore")


def engine_event(
    kind: str, name: str, operation: str = "create", type_: str = CONTAINER, parent: str = ""
) -> dict[str, Any]:
    urn = f"urn:pulumi:test::shop::{parent}{type_}::{name}"
    return {"sequence": 1, kind: {"metadata": {"op": operation, "type": type_, "urn": urn}}}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (engine_event("resourcePreEvent", "web-2-0"), Step("raise", "web-2-0", "begins", True)),
        (engine_event("resOutputsEvent", "web-2-0"), Step("raise", "web-2-0", "done", True)),
        (
            engine_event(
                "resOpFailedEvent", "web-2-gate", type_="pulumi-python:dynamic/rehouse:Gate"
            ),
            Step("prove", "web-2-gate", "failed", False),
        ),
        (
            engine_event(
                "resourcePreEvent", "traffic", "update", "pulumi-python:dynamic/rehouse:Traffic"
            ),
            Step("shift", "traffic", "begins", False),
        ),
        (
            engine_event("resourcePreEvent", "web-1-0", "delete"),
            Step("retire", "web-1-0", "begins", True),
        ),
    ],
)
def test_each_step_has_its_word(event: dict[str, Any], expected: Step):
    """What the engine creates, updates and deletes is raised, proven, shifted and retired."""
    assert [expected] == news_of(event)


@pytest.mark.parametrize(
    "event",
    [
        engine_event("resOutputsEvent", "web-2-0", "same"),
        engine_event("resourcePreEvent", "web", type_="rehouse:index:Service"),
        engine_event("resourcePreEvent", "web-router", parent="rehouse:index:Router$"),
        {"sequence": 0, "preludeEvent": {"config": {"password": "hunter2"}}},
        {"kind": "error", "where": "gate"},
    ],
)
def test_the_rest_is_no_news(event: dict[str, Any]):
    """What stays as it is, the engine's own affairs, the router's container, configuration."""
    assert [] == news_of(event)


def test_what_program_and_providers_tell_is_news():
    """Who stands where, how the gate is answered, who is drained."""
    generation = {
        "kind": "generation", "service": "web", "order": "begin", "wanted": "web-2", "before": ["web-1"],
        "standing": {"web-1": 80, "web-2": 20}, "instances": {"web-1-0": "a"}, "spec": {},
    }  # fmt: skip
    standing, instances = {"web-1": 80, "web-2": 20}, {"web-1-0": "a"}
    update = Update("web", "begin", "web-2", ("web-1",), standing, instances)
    assert [update] == news_of(generation)
    probe = {"kind": "probe", "instance": "web-2-0", "good": 1, "needed": 3, "answer": "200 OK"}
    assert [Probe("web-2-0", 1, 3, "200 OK")] == news_of(probe)
    drain = {"kind": "drain", "instances": ["web-1-0", "web-1-1"], "state": "begins"}
    both = [Step("drain", f"web-1-{number}", "begins", True) for number in (0, 1)]
    assert both == news_of(drain)
    assert [WAITS] == news_of(as_event(WAITS))


@pytest.mark.parametrize(
    ("news", "line"),
    [
        (Step("raise", "web-2-0", "done", True), "raise  web-2-0 done"),
        (WAITS, "web-2 has 20 % of the traffic, next step in 3 s"),
        (
            Waiting("web-2", 100, True, ("web-1",), 60.0, 1200, 3, 0.012),
            "web-2 has all of the traffic, web-1 is kept warm for 60 s; 1200 answers, 3 failed, 12 ms each",
        ),
        (ASKED, "prove  web-2-0: 0 of 3 good answers, last: 503 Service Unavailable: starting"),
        (Hook("pre-deploy", "failed"), "hook   pre-deploy failed"),
        (Update("web", "undo", None, ("web-1",), {"web-1": 100}, {}), "undo   back to web-1"),
        (Update("web", "deploy", "web-2", ("web-1",), {"web-2": 100}, {}), None),
    ],
)
def test_lines_say_what_happens(news, line: str | None):
    """In the words of the documents."""
    assert line == line_of(news)


def test_the_passing_of_time_is_no_news():
    """A pause is told once for each share; answers of a gate are for the sign of life."""
    later = Waiting("web-2", 20, False, ("web-1",), 1.0, 7)
    assert (True, False) == (is_news(WAITS, None), is_news(later, WAITS))
    assert is_news(Waiting("web-2", 50, False, ("web-1",), 9.0), WAITS)
    assert not is_news(ASKED, None)


def test_json_lines_are_one_object_each_and_say_how_long_it_took(capsys):
    """With version, time and event; seconds where something ends."""
    now = [0.0]
    lines = Lines(lambda: now[0])
    lines.tell(Step("raise", "web-2-0", "begins", True))
    now[0] = 1.25
    lines.tell(Step("raise", "web-2-0", "done", True))
    begins, done = read_lines(capsys)
    assert {"event", "version", "at", "step", "name", "state", "instance"} == set(begins)
    assert (1, "step", "done", 1.25) == (
        done["version"],
        done["event"],
        done["state"],
        done["seconds"],
    )


def test_json_lines_tell_of_a_pause_now_and_then(capsys):
    """Once when it begins, then every ten seconds; an answer like the one before is left out."""
    now = [0.0]
    lines = Lines(lambda: now[0])
    for second in range(EVERY + 2):
        now[0] = float(second)
        lines.tell(WAITS)
        lines.tell(ASKED)
    assert ["waiting", "probe", "waiting"] == [each["event"] for each in read_lines(capsys)]


def read_lines(capsys) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "news", [WAITS, ASKED, Step("raise", "web-1-0", "done", True), Hook("pre-deploy", "begins")]
)
def test_what_was_told_can_be_read(news: Any):
    """As another process has told it; what it tells besides is passed over."""
    told = json.loads(json.dumps({**shape_of(news), "version": 1, "seconds_more": 2.0}))
    again = news_in(told)
    assert again
    assert line_of(news) == line_of(again)
    assert None is news_in({"event": "of a later version"})
