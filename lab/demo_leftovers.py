"""What a demo leaves when it is killed, and its removal; no engine is needed for it."""

import shutil
import subprocess
from pathlib import Path

NAME = "demo"  # of the project and of the stack
LABEL = f"rehouse.stack={NAME}/{NAME}"


def sweep(folder: Path) -> None:
    """Leave nothing of a demo in that folder."""
    _remove(["container", "rm", "--force", "--volumes"], containers(folder))
    _remove(["network", "rm"], networks())
    shutil.rmtree(folder, ignore_errors=True)


def found(folder: Path) -> list[str]:
    """Names of all that Docker still has of it."""
    return containers(folder) + networks()


def containers(folder: Path) -> list[str]:
    """By their label, and what uses the folder."""
    router = folder / "router" / f"{NAME}.{NAME}.web-router"
    return sorted(
        {*_listed("container", f"label={LABEL}"), *_listed("container", f"volume={router}")}
    )


def networks() -> list[str]:
    return _listed("network", f"label={LABEL}")


def instances(generation: str) -> list[str]:
    return _listed("container", f"label={LABEL}", f"label=rehouse.generation={generation}")


def identities(names: list[str]) -> list[str]:
    """What changes when a container is replaced or restarted."""
    told = "--format={{.Id}} {{.State.StartedAt}} {{.RestartCount}}"
    return _docker("container", "inspect", told, *names).splitlines()


def _listed(kind: str, *filters: str) -> list[str]:
    everything = ["--all", "--format={{.Names}}"] if kind == "container" else ["--format={{.Name}}"]
    return _docker(kind, "ls", *everything, *(f"--filter={each}" for each in filters)).split()


def _remove(command: list[str], names: list[str]) -> None:
    if names:
        _docker(*command, *names)


def _docker(*arguments: str) -> str:
    done = subprocess.run(
        ["docker", *arguments], stdout=subprocess.PIPE, text=True, check=True, timeout=60
    )
    return done.stdout
