"""Closed streams, and readers that go away, harm no command."""

# ruff: noqa: SIM300

import subprocess
import sys
from pathlib import Path

import pytest

REHOUSE = str(Path(sys.executable).with_name("rehouse"))


def bash(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    words = ["bash", "-o", "pipefail", "-c", script, REHOUSE]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    "script",
    [
        "$0 schema | head --lines 0",
        "$0 schema --json | head --lines 0",
        "$0 --help | head --lines 0",
        "$0 completion bash >&-",
        "$0 schema --json <&- >&-",
    ],
)
def test_nobody_has_to_read_stdout(script, tmp_path):
    """Exit status 0 and not a word."""
    ended = bash(script, tmp_path)
    assert (0, "") == (ended.returncode, ended.stderr)


def test_an_error_keeps_its_status_when_nobody_reads_it(tmp_path):
    """Its exit status is all that such a caller gets."""
    codes = [
        bash(script, tmp_path).returncode
        for script in ("$0 check", "$0 check --json | head --lines 0", "$0 check 2>&- >&- <&-")
    ]
    assert [2, 2, 2] == codes


def test_a_full_disk_behind_stderr_is_no_failure(tmp_path):
    """What is said beside the data may be lost."""
    ended = bash("$0 check 2>/dev/full", tmp_path)
    assert 2 == ended.returncode
