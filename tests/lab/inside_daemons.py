"""Runs inside a lab: what its daemons and its SSH server do, one function per claim."""

import os
import subprocess
import sys

from lab.daemons import Daemon, another_dockerd, the_labs_own
from lab.sshd import sshd


def daemons() -> None:
    own = the_labs_own()
    with another_dockerd(tls=True) as far, another_dockerd() as near:
        identities = {docker(each, "info", "--format", "{{.ID}}") for each in (own, far, near)}
        assert len(identities) == 3, identities
        assert "HTTPS" in refused({"DOCKER_HOST": far.url})
        subnets = {network(each) for each in (own, far, near)}
        assert len(subnets) == 3, subnets
        docker(near, "run", "--detach", "--name=some", "127.0.0.1:5000/example:1")
        near.kill()
        assert "Cannot connect" in refused(near.environment)
        near.start()
        assert docker(near, "ps", "--all", "--format={{.Names}}") == "some"
        near.restart()
        own.restart()
    docker(own, "run", "--rm", "--detach", "--name=some", "127.0.0.1:5000/example:1")
    docker(own, "rm", "--force", "some")
    docker(own, "network", "rm", "other")


def ssh() -> None:
    with another_dockerd() as other, sshd({"DOCKER_HOST": other.url}) as server:
        folder = ask(server.environment, "info", "--format={{.DockerRootDir}}")
        assert folder.stdout.strip() == docker(other, "info", "--format={{.DockerRootDir}}")


def network(daemon: Daemon) -> str:
    docker(daemon, "network", "create", "other")
    subnet = "{{range .IPAM.Config}}{{.Subnet}}{{end}}"
    return docker(daemon, "network", "inspect", "other", "--format", subnet)


def docker(daemon: Daemon, *words: str) -> str:
    done = ask(daemon.environment, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def refused(environment: dict[str, str]) -> str:
    done = ask(environment, "ps")
    assert done.returncode != 0, done.stdout
    return done.stderr


def ask(environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    variables = {**os.environ, **environment}
    return subprocess.run(["docker", *words], env=variables, capture_output=True, text=True)


if __name__ == "__main__":
    {"daemons": daemons, "ssh": ssh}[sys.argv[1]]()
