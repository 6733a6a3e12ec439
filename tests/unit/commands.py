"""The command, as a shell would start it, inside this process."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from rehouse.cli.main import _run


@dataclass(frozen=True)
class Ran:
    """How it ended, and what it printed where."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.out))


def rehouse(capsys: pytest.CaptureFixture[str], *words: str) -> Ran:
    capsys.readouterr()
    code = _run(list(words))
    printed = capsys.readouterr()
    return Ran(code, printed.out, printed.err)
