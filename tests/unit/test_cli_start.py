"""How little a command loads that has little to do."""

import subprocess
import sys

import pytest

LOADS = """
import sys
from rehouse.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code, ended
print(*sys.modules, sep="\\n", file=sys.stderr)
"""
LARGE = {"docker", "pulumi", "pydantic", "requests", "ruamel.yaml"}


@pytest.mark.parametrize("words", ["--version", "--help", "completion bash"])
def test_what_needs_no_spec_loads_nothing_large(words: str) -> None:
    """Neither engine nor daemon nor the readers of YAML."""
    assert loaded(words) & LARGE == set()


def test_a_check_loads_no_engine() -> None:
    """It reads, and that is all."""
    assert loaded("check stacks/web.yaml") & {"docker", "pulumi", "requests"} == set()


def loaded(words: str) -> set[str]:
    command = [sys.executable, "-c", LOADS, *words.split()]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return set(ended.stderr.splitlines())
