"""How long the commands take that have little to do: process start to process end."""

import os
import sys
from pathlib import Path

from bench.bounds import Failed, rounds, timed
from bench.commanded import COMMAND
from lab.places import CHECKOUT

_TAB = {"_REHOUSE_COMPLETE": "bash_complete", "COMP_WORDS": "rehouse ro", "COMP_CWORD": "1"}
# What it is called, its words, its environment, seconds that are asked for.
STARTS: list[tuple[str, list[str], dict[str, str], float | None]] = [
    ("python -c pass", [sys.executable, "-c", "pass"], {}, None),
    ("rehouse --version", [COMMAND, "--version"], {}, 0.15),
    ("rehouse --help", [COMMAND, "--help"], {}, 0.25),
    ("rehouse completion bash", [COMMAND, "completion", "bash"], {}, 0.25),
    ("rehouse ro<TAB>", [COMMAND], _TAB, 0.25),
    ("rehouse check", [COMMAND, "check", "stacks/web.yaml"], {}, 0.4),
    ("rehouse deploy --help", [COMMAND, "deploy", "--help"], {}, None),
]


def starts(count: int, seconds: float) -> dict[str, list[float]]:
    """Seconds of each, interleaved; those of a first round, which fills caches, are not kept."""
    _round()
    samples = [_round() for _ in rounds(count, seconds)]
    return {title: [each[title] for each in samples] for title, *_ in STARTS}


def _round() -> dict[str, float]:
    return {title: _started(command, more) for title, command, more, _ in STARTS}


def _started(command: list[str], more: dict[str, str]) -> float:
    ended = timed(command, Path(CHECKOUT), {**os.environ, **more})
    if ended.code != 0:
        raise Failed(f"{command} ended with {ended.code}:\n{ended.text}")
    return ended.seconds
