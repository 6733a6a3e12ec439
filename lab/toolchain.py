"""Where the Go toolchain is."""

import shutil
from pathlib import Path

from lab.errors import LabError


def go() -> Path:
    found = shutil.which("go")
    if found is None:
        raise LabError("lab", "Go is not in PATH", "apt-get install golang-go (1.24 or newer)")
    return Path(found)
