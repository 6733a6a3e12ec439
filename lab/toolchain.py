"""The Go that builds the example: the engine's choice."""

import subprocess
import sys
from pathlib import Path

from engine import go
from engine.home import EngineError
from lab.errors import LabError


def build(source: Path, work: Path) -> bytes:
    """The program made from this folder, static and stripped; all traces are in `work`."""
    program = work / "program"
    picked = _pick(work)
    flags = ["-trimpath", "-ldflags=-s -w -buildid=", "-o", str(program)]
    done = subprocess.run(
        [picked.program, "build", *flags, "."],
        cwd=source,
        # It needs nothing but the standard library: a build that reaches out is a mistake.
        env={**picked.environment, "GOPROXY": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LabError(str(source), f"does not build\n{done.stderr}", "mend the Go code")
    return program.read_bytes()


def _pick(work: Path) -> go.Go:
    try:
        return go.pick(work, lambda text: print(text, file=sys.stderr, flush=True))
    except EngineError as error:
        raise LabError("lab", str(error), "see above; then: python -m lab build") from error
