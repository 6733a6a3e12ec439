"""What is read from the files in which engine, program and providers write down what they do."""

# ruff: noqa: SIM300

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rehouse.cli.eventlog import Reader, events
from rehouse.components.notes import read_notes

Read = Callable[[Path], list[dict[str, Any]]]
READERS = pytest.mark.parametrize("read", [events, read_notes])


@READERS
@pytest.mark.parametrize("sign", ["\x85", "\u2028", "\x0b", "\r"])
def test_only_a_line_feed_ends_a_line(tmp_path: Path, read: Read, sign: str):
    """Python knows other ends of a line, which may stand in what a container prints."""
    told = {"kind": "error", "what": f"a{sign}b"}
    assert [told] == read(log(tmp_path, json.dumps(told, ensure_ascii=False) + "\n"))


@READERS
def test_a_torn_line_takes_no_other_with_it(tmp_path: Path, read: Read):
    """The disk was full for a moment: what was written before and after it is still told."""
    torn = (
        '{"kind": "first"}\n{"kind": "to{"kind": "joined"}\n\n7\n{"kind": "last"}\n{"kind": "unen'
    )
    assert [{"kind": "first"}, {"kind": "last"}] == read(log(tmp_path, torn))


@READERS
def test_a_file_that_is_not_there_tells_nothing(tmp_path: Path, read: Read):
    """Nobody has written to it yet."""
    assert [] == read(tmp_path / "log")


def test_each_event_is_read_once(tmp_path: Path):
    """Also one that is written in two pieces, and one whose letters are cut in the middle."""
    reader, pieces = Reader(tmp_path / "log"), ['{"a": 1}\n{"b"', ': "\u00e4"}\n', '{"c": 3}\n']
    written, told = "".join(pieces).encode(), []
    for end in (0, 5, 12, 18, len(written)):
        (tmp_path / "log").write_bytes(written[:end])
        told.append(reader.more())
    assert [[], [], [{"a": 1}], [], [{"b": "\u00e4"}, {"c": 3}]] == told


def log(folder: Path, text: str) -> Path:
    (folder / "log").write_bytes(text.encode())
    return folder / "log"
