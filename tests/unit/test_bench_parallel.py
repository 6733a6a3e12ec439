"""What is said of a measurement that there was no time for."""

# ruff: noqa: SIM300

from pathlib import Path
from unittest.mock import Mock

from bench import parallel
from bench.parallel import Round, Run, slope

OURS = "ours"


def measured(services: int, seconds: float) -> Round:
    return Round(services, {OURS: Run(seconds, seconds, 100)}, took=seconds * 2)


def test_the_slope_is_between_the_fewest_and_the_most():
    """Of those that were measured; with one there is none."""
    rounds = [measured(10, 30), measured(50, 110), Round(100, foreseen={OURS: 210})]
    assert 2.0 == slope(rounds, OURS)
    assert None is slope(rounds[:1], OURS)


def test_a_round_for_which_there_is_no_time_is_not_begun(monkeypatch):
    """It is foreseen on the line through those before, and has no measured figure."""
    seconds = {10: 30.0, 50: 110.0}
    monkeypatch.setattr(
        parallel, "_round", lambda _c, _f, count, _n, _l: measured(count, seconds[count])
    )
    rounds = parallel.parallel(Mock(), Path(), [10, 50, 100], 2, 400, lambda _text: None)
    assert [10, 50, 100] == [each.services for each in rounds]
    assert ({}, {OURS: 210.0}) == (rounds[2].runs, rounds[2].foreseen)
