"""Temporary folders that a killed process has left are removed by the next one, and no others."""

# ruff: noqa: SIM300

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from rehouse.components.scratch import PREFIX, scratch

LEFT = """
import os
from rehouse.components.scratch import scratch
with scratch():
    os._exit(9)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_nothing_is_left(temporary):
    """The folder is there in the block, and gone after it."""
    with scratch() as made:
        assert [made.folder] == list(temporary.iterdir())
        (made.folder / "file").touch()
    assert [] == list(temporary.iterdir())


def test_what_a_killed_process_left_is_removed(temporary):
    """By the next one; somebody else's folder stays."""
    theirs = temporary / "rehouse-theirs"
    theirs.mkdir()
    subprocess.run([sys.executable, "-c", LEFT], timeout=30)
    [left] = temporary.glob(f"{PREFIX}*")
    with scratch() as made:
        assert {theirs, made.folder} == set(temporary.iterdir())
    assert not left.exists()


def test_a_folder_in_use_is_left_alone():
    """Also by a child that has outlived the process that made it."""
    with scratch() as made:
        words = [sys.executable, "-c", "import sys; print(); sys.stdin.read()"]
        child = subprocess.Popen(
            words, pass_fds=[made.claim], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        with scratch():
            assert made.folder.exists()
        child.communicate(timeout=30)
