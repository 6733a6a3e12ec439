"""The first process of a guest, as far as it can be tested without one."""

import os
import subprocess

import pytest

from rehouse.kit import golang


@pytest.mark.parametrize("check", ["test", "vet"])
def test_its_own_tests_pass(check):
    """The tests that lie beside its source pass, and so does what Go itself finds suspicious."""
    environment = {
        **os.environ,
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "GOFLAGS": "-buildvcs=false",
    }
    done = subprocess.run(
        [golang.find(), check, "./..."],
        cwd=golang.SOURCE,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_same_source_gives_the_same_bytes(tmp_path):
    """Two builds in different folders do not differ."""
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    one, two = (golang.build(golang.find(), folder) for folder in folders)
    assert one == two
