"""How little a command loads that has little to do."""

import os
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
TABLE = """
from rich.table import Table
from rehouse.cli.output import stdout
table = Table(box=None)
table.add_column(overflow="fold")
table.add_row("x" * 200)
stdout.print(table)
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


@pytest.mark.parametrize(("columns", "folded"), [(None, False), ("30", True)])
def test_a_table_in_a_pipe_is_not_folded(columns: str | None, folded: bool):
    """Whoever searches it finds whole words; COLUMNS is obeyed."""
    own = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    environment = {**own, **({"COLUMNS": columns} if columns else {})}
    found = subprocess.run(
        [sys.executable, "-c", TABLE], env=environment, capture_output=True, text=True, check=True
    )
    assert folded == (len(found.stdout.splitlines()) > 2)
