"""The script of a CI job, with commands in the place of the real ones that note how they were called."""

import dataclasses
import os
import subprocess
from pathlib import Path

from rehouse.cli.starter import TEMPLATES

SCRIPT = TEMPLATES / "deploy.sh"
SYSTEM = "/usr/bin:/bin"

# A word with a line for each argument: what a shell would have made of it shows.
REHOUSE = """#!/bin/sh
printf '[%s]' rehouse "$@" >>"$CALLS"; echo >>"$CALLS"
[ "$1" = doctor ] && { echo looked; exit 13; }
printf '%s' "$PRINTS"; echo "told on stderr" >&2
exit "$ENDS"
"""
OTHERS = """#!/bin/sh
printf '[%s]' "${0##*/}" "$@" >>"$CALLS"; echo >>"$CALLS"
case "$*" in
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$STUBS/rehouse" "$3/bin/" ;;
    -c*) echo 5.2.0 ;;
esac
"""


@dataclasses.dataclass(frozen=True)
class Job:
    """A job with a folder of its own, and what came of it."""

    folder: Path

    def run(self, mode: str, ends: int = 0, prints: str = "", **variables: str) -> "Ended":
        stubs = self.folder / "stubs"
        for name, text in {"rehouse": REHOUSE, "python3": OTHERS, "pulumi": OTHERS}.items():
            _program(stubs / name, text)
        (self.folder / "scratch").mkdir()
        own = {
            "PATH": f"{stubs}{os.pathsep}{SYSTEM}",
            "STUBS": str(stubs),
            "CALLS": str(self.folder / "calls"),
            "TMPDIR": str(self.folder / "scratch"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "ENDS": str(ends),
            "PRINTS": prints,
        }
        ran = subprocess.run(
            ["sh", str(SCRIPT), mode],
            cwd=self.folder,
            env={**own, **variables},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert list((self.folder / "scratch").iterdir()) == []
        texts = (self._text(name) for name in ("calls", "summary", "output"))
        return Ended(ran.returncode, ran.stdout, ran.stderr, *texts)

    def _text(self, name: str) -> str:
        path = self.folder / name
        return path.read_text() if path.exists() else ""


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a job ended, what was called, and what it wrote for GitHub."""

    code: int
    out: str
    err: str
    calls: str
    summary: str
    output: str


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
