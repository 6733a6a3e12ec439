"""A program of this machine with everything it loads, as files for an image."""

import re
import subprocess
from pathlib import Path

from lab.errors import LabError

HAPROXY = Path("/usr/sbin/haproxy")


def closure(program: Path) -> dict[str, bytes]:
    """The program, its shared libraries and the loader, by the path at which they are looked up."""
    if not program.exists():
        raise LabError.missing(str(program), program.name)
    paths = [str(program), *_libraries(program)]
    return {path.lstrip("/"): Path(path).read_bytes() for path in paths}


def _libraries(program: Path) -> list[str]:
    listed = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True)
    return sorted(set(re.findall(r"(/\S+) \(0x", listed.stdout)))
