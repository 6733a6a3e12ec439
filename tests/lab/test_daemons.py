"""More daemons in a lab, and images from its registry: each claim is made inside, by a script."""

import os
import sys
from pathlib import Path

from tests.lab.labs import Lab


def test_images_are_pulled_by_digest_and_none_is_there_before(standing: Lab) -> None:
    script = """\
set -e
docker images --quiet
for name in example:1 example:5 example:root example:arm64 haproxy:2.6; do
    docker pull --quiet 127.0.0.1:5000/$name >/dev/null
    docker image inspect --format '{{.Architecture}} {{.Config.User}} {{len .RepoDigests}}' \\
        127.0.0.1:5000/$name
done
docker run --rm 127.0.0.1:5000/haproxy:2.6 -v | head -n 1 | cut -c1-19
"""
    done = standing.run("sh", "-c", script)
    expected = [
        "amd64 65532:65532 1",
        "amd64 65532:65532 1",
        "amd64  1",
        "arm64 65532:65532 1",
        "amd64  1",
        "HAProxy version 2.6",
    ]
    assert done.stdout.splitlines() == expected, done.stderr


def test_daemons_are_strangers_and_outlive_kills(standing: Lab) -> None:
    inside(standing, "daemons")


def test_ssh_leads_to_the_daemon_it_is_told_to(standing: Lab) -> None:
    inside(standing, "ssh")


def inside(lab: Lab, claim: str) -> None:
    script = Path(__file__).with_name("inside_daemons.py")
    environment = {**os.environ, "PYTHONPATH": "."}
    done = lab.run(sys.executable, str(script), claim, env=environment)
    assert done.returncode == 0, done.stderr
