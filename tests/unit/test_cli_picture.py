"""The picture of a rollout says which step it is at, and what each instance does, in as much room as there is."""

# ruff: noqa: SIM300

import io

import pytest
from rich.console import Console

from rehouse.cli.view.board import Board
from rehouse.cli.view.news import News, Probe, Step, Update, Waiting
from rehouse.cli.view.picture import Picture

BEGINS = Update(
    "web", "deploy", "web-2", ("web-1",), {"web-2": 100}, {"web-1-0": "a", "web-2-0": "b"}
)
RAISED: list[News] = [
    Step("raise", "web-2-0", "begins", True),
    Step("raise", "web-2-0", "done", True),
]
ASKED: list[News] = [
    Step("prove", "web-2-gate", "begins", False),
    Probe("web-2-0", 0, 3, "503: not yet"),
]
PROVEN: list[News] = [*RAISED, *ASKED, Step("prove", "web-2-gate", "done", False)]
SHIFTED: list[News] = [
    Step("shift", "traffic", "begins", False),
    Step("shift", "traffic", "done", False),
]
WAITS = Waiting("web-2", 20, False, ("web-1",), 3.0)


def test_before_the_first_news_the_engine_starts():
    """The steps to come are shown from the start."""
    first, steps = drawn()
    assert ("the engine starts  0 s", "· raise · prove · shift · drain · retire") == (first, steps)


def test_each_instance_has_a_row():
    """Its name, its daemon, what it does: the live one is live, the new one waits."""
    assert ["web: web-1 -> web-2  0 s", "web-1-0  a  live", "web-2-0  b  waits"] == without_steps(
        BEGINS
    )


def test_a_gate_shows_the_last_answer():
    """Of each instance; when it is over, who did not answer well has failed."""
    assert "web-2-0  b  proving: 503: not yet" in drawn(BEGINS, *RAISED, *ASKED)
    failed = drawn(BEGINS, *RAISED, *ASKED, Step("prove", "web-2-gate", "failed", False))
    assert "web-2-0  b  failed: 503: not yet" in failed
    assert "✓ raise 0.0s ✗ prove 0.0s · shift · drain · retire" in failed


def test_what_has_the_traffic_is_live():
    """All of it, or its share; the others are drained, then retired."""
    canary = Update(
        "web", "begin", "web-2", ("web-1",), {"web-1": 80, "web-2": 20}, BEGINS.instances
    )
    told = drawn(canary, *PROVEN, *SHIFTED, WAITS)
    assert "web-1-0  a  live, its generation has 80 %" in told
    assert "web-2 has 20 % of the traffic, next step in 3 s" == told[-1]
    drains = Step("drain", "web-1-0", "begins", True)
    assert "web-1-0  a  draining" in drawn(BEGINS, *PROVEN, SHIFTED[0], drains)
    retired = drawn(BEGINS, *PROVEN, *SHIFTED, Step("retire", "web-1-0", "done", True))
    assert ("web-1-0  a  retired" in retired, "web-2-0  b  live" in retired) == (True, True)


def test_a_late_answer_changes_nothing():
    """Of the gate and the engine two files tell: one may be read a moment later."""
    assert "web-2-0  b  proven" in drawn(BEGINS, *PROVEN, ASKED[1])


def test_a_pause_is_over_with_the_next_update():
    """Nothing is said to be waited for that is not."""
    assert not any("next step" in line for line in drawn(BEGINS, WAITS, BEGINS))


def test_an_undo_says_where_it_goes_back_to():
    """The title is that of the update that runs."""
    undo = Update("web", "undo", "web-2", ("web-1",), {"web-1": 100}, {"web-1-0": "a"})
    assert "web: undo, back to web-1  0 s" == drawn(BEGINS, *RAISED, *ASKED, undo)[0]


def test_a_signal_says_what_comes_of_it():
    """Till the end of the rollout, and not after it."""
    told = "SIGINT: ends in order, finished or undone; once more: stops at once"
    assert (True, False) == (told in drawn(signal=2), told in drawn(signal=2, over=True))


@pytest.mark.parametrize("width", [20, 80, 120])
def test_no_line_is_longer_than_the_terminal_is_wide(width: int):
    """One that is would be drawn over the next one, again and again."""
    long = Probe("web-2-0", 0, 3, "503 " + "very " * 60)
    lines = drawn(BEGINS, *RAISED, ASKED[0], long, *SHIFTED, WAITS, width=width)
    assert max(map(len, lines)) <= width


def test_all_steps_fit_into_80_columns():
    """With bake, and with seconds."""
    bakes = Waiting("web-2", 100, True, ("web-1",), 60.0)
    ends = [Step("drain", "web-1-0", "done", True), Step("retire", "web-1-0", "begins", True)]
    steps = drawn(
        BEGINS, *PROVEN, *SHIFTED, bakes, Step("drain", "web-1-0", "begins", True), *ends
    )[1]
    assert "✓ raise 0.0s ✓ prove 0.0s ✓ shift 0.0s ● bake 0.0s ✓ drain 0.0s ● retire 0.0s" == steps


def test_what_moves_is_shown_where_not_all_have_room():
    """And how many there are besides."""
    many = {f"web-1-{number}": "a" for number in range(40)}
    update = Update("web", "deploy", "web-2", ("web-1",), {"web-2": 100}, many)
    lines = drawn(update, Step("retire", "web-1-39", "begins", True), height=12)
    assert ("web-1-39     a  stopping", "and 35 more") == (lines[2], lines[-1])


def test_a_terminal_without_unicode_gets_other_marks():
    """The words are the same."""
    assert (
        "+ raise 0.0s * prove 0.0s . shift . drain . retire"
        == drawn(BEGINS, *RAISED, *ASKED, encoding="ascii")[1]
    )


def test_seconds_stop_where_something_ends():
    """What moves is counted, what has ended shows how long it took."""
    now = [0.0]
    board = Board(lambda: now[0])
    board.tell(BEGINS)
    board.tell(RAISED[0])
    now[0] = 2.0
    board.tell(RAISED[1])
    now[0] = 9.0
    assert "web-2-0  b  started  2.0 s" in lines_of(Picture(board, lambda: 0))


def drawn(*news: News, signal: int = 0, over: bool = False, **size) -> list[str]:
    board = Board(lambda: 0.0)
    for each in news:
        board.tell(each)
    picture = Picture(board, lambda: signal)
    if over:
        picture.end()
    return lines_of(picture, **size)


def without_steps(*news: News) -> list[str]:
    title, _, *rows = drawn(*news)
    return [title, *rows]


def lines_of(
    picture: Picture, width: int = 80, height: int = 24, encoding: str = "utf-8"
) -> list[str]:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=file, width=width, height=height, color_system=None, soft_wrap=True)
    console.print(picture)
    file.seek(0)
    return [line.strip() for line in file.read().splitlines()]
