"""What anybody could look at while a service is deployed and afterwards: files, processes, what Docker tells."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.e2e.estate import Stack, containers_labelled, docker_client

PAUSE = 0.01
LAYERS = (
    "overlay2",
    "vfs",
    "fuse-overlayfs",
    "image",
    "buildkit",
)  # images, and what is exported anyway

Seen = dict[str, bytes]  # place to content


class Witness:
    """Looks at process arguments and at temporary files, again and again, while it is used."""

    def __init__(self, *folders: Path) -> None:
        self.arguments: Seen = {}
        self.files: Seen = {}
        self._folders, self._over = folders, threading.Event()
        self._prefixes = tuple(f"{each}/" for each in folders)
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Witness":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(PAUSE):
            for place in Path("/proc").glob("[0-9]*/cmdline"):
                line = _read(place)
                self.arguments[f"arguments of {line[:80]!r}"] = line
            for folder in self._folders:
                self.files |= {f"{path} of {len(each)} bytes": each for path, each in files(folder)}
            self.files |= dict(self._nameless())

    def _nameless(self) -> Iterator[tuple[str, bytes]]:
        """Files that somebody has open, and that have no name any more."""
        for place in Path("/proc").glob("[0-9]*/fd/*"):
            with contextlib.suppress(OSError):
                name = str(place.readlink())
                if name.endswith(" (deleted)") and name.startswith(self._prefixes):
                    content = _read(place)
                    yield f"{name} of {len(content)} bytes", content


def files(folder: Path, without: tuple[str, ...] = ()) -> Iterator[tuple[Path, bytes]]:
    """Every file below it, but not in the folders *without*; one that goes meanwhile is left out."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if not path.is_symlink() and path.is_file() and parts[0] not in without:
            yield path, _read(path)


def on_disk(folder: Path, without: tuple[str, ...] = ()) -> Seen:
    return {str(path): content for path, content in files(folder, without)}


def engine_logs(stack: Stack, since: float) -> Seen:
    """What the engine wrote into its home: a log of every command, compressed, and encrypted where it can."""
    folder = Path(stack.environment()["PULUMI_HOME"], "logs")
    new = [path for path in folder.iterdir() if path.stat().st_mtime >= since]
    return {str(path): _read(path) for path in new}


def of_docker(stack: Stack, since: float) -> Seen:
    """All that `docker inspect`, `docker logs`, `docker events` and `docker export` tell."""
    with docker_client() as client:
        listed: list[Any] = [*client.volumes.list(), *client.networks.list()]
        listed += client.images.list(all=True)
        seen = {f"inspect {each.id}": _json(each.attrs) for each in listed}
        for each in client.containers.list(all=True, ignore_removed=True):
            seen[f"inspect container {each.name}"] = _json(each.attrs)
        seen["events"] = _json(
            list(client.events(since=int(since), until=int(time.time()), decode=True))
        )
        for each in containers_labelled(client, f"rehouse.stack={stack.name}"):
            seen[f"logs {each.name}"] = each.logs()
            seen[f"export {each.name}"] = b"".join(each.export())
    return seen


def of_daemon() -> Seen:
    """What the daemon keeps on its disk, and its own log."""
    with docker_client() as client:
        root = Path(client.info()["DockerRootDir"])
    return {**on_disk(root, LAYERS), **_log_of("dockerd")}


def secret_files(stack: Stack) -> Seen:
    """The declared ones: those of the volumes of this stack's generations."""
    return {
        str(path): content
        for volume in stack.volumes()
        for path, content in files(Path(volume.attrs["Mountpoint"]))
    }


def docker_root() -> Path:
    with docker_client() as client:
        return Path(client.info()["DockerRootDir"])


def _log_of(program: str) -> Seen:
    logs = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "comm").read_text().strip() == program:
                log = (process / "fd" / "2").readlink()
                logs[f"log of {program}"] = _read(log)
    return logs


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
