"""Fixtures of the engine's tests."""

from pathlib import Path

import pytest

from engine import go
from tests.engine.machine import FAKE_GO, Machine, environment, write_program, write_sdk


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(go, "USUAL", tmp_path / "no-usual-go")
    write_program(tmp_path / "go" / "go", FAKE_GO)
    write_sdk(tmp_path / "sdk")
    return Machine(tmp_path)
