"""What the first process inside tells `lab up`, line by line."""

import json
from collections.abc import Callable
from typing import IO

from lab.errors import LabError


def read_first(lines: IO[str]) -> int:
    """Its pid, as seen from outside."""
    line = lines.readline()
    try:
        return int(json.loads(line)["first"])
    except (ValueError, KeyError) as error:
        fix = "run as root, on a kernel with namespaces"
        raise LabError("lab", f"no namespaces: {line.strip()}{lines.read()}", fix) from error


def follow(lines: IO[str], say: Callable[[str], None]) -> None:
    """Pass on the steps until it is ready."""
    noise = []
    for line in lines:
        if not line.startswith("{"):
            noise.append(line)
            continue
        fact = json.loads(line)
        if "step" in fact:
            say(f"{fact['step']}: {fact['seconds']:.2f} s")
        if fact.get("ready"):
            return
        if "failed" in fact:
            raise LabError("lab", fact["failed"] + "".join(noise), "mend that, then: lab up")
    raise LabError("lab", f"ended while starting\n{''.join(noise)}", "python -m lab up")
