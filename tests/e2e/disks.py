"""An image of three layers that has everything, and its files: on the disk, and in a container."""

import hashlib
import io
import json
import os
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.certificates import make_certificates
from lab.daemons import free_port
from rehouse.components.site import Daemon
from rehouse.oci.config import RootDisk
from rehouse.oci.saved import Local
from tests.e2e.estate import DOCKER, REGISTRY, docker_client, eventually, listens
from tests.unit.oci_images import (
    DIR,
    HARD,
    LINK,
    Item,
    config_of,
    digest,
    layer,
)

EXAMPLE = f"{REGISTRY}/example:1"
HERE = Local(Daemon(url=DOCKER))
CAPABILITY = "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0"  # cap_net_bind_service=ep
CHAR, PIPE = tarfile.CHRTYPE, tarfile.FIFOTYPE
LAYERS = (
    layer(
        Item("conf/", type=DIR, mode=0o755),
        Item("conf/app", b"one", mode=0o640, uid=1000, gid=1001, mtime=1_600_000_000),
        Item("bin/", type=DIR, mode=0o755),
        Item("bin/root", b"#!", mode=0o4755),
        Item("bin/low", b"#!", mode=0o755, xattrs={"security.capability": CAPABILITY}),
        "old/",
        "old/deep/",
        Item("old/deep/file", b"old"),
        "cleared/",
        Item("cleared/file", b"old"),
        Item("a", b"shared"),
        Item("b", type=HARD, link="a"),
        Item("x", b"together"),
        Item("y", type=HARD, link="x"),
        Item("link", type=LINK, link="/conf/app", mode=0o777),
        Item("up", type=LINK, link="../../../conf", mode=0o777),
        Item("pipe", type=PIPE, mode=0o600),
        Item("null", type=CHAR, device=(1, 3), mode=0o666),
        Item("turns", b"a file"),
        "turned/",
        Item("turned/file", b"in a folder"),
        Item("tmp/", type=DIR, mode=0o1777),
        Item("large", bytes(range(256)) * 8192),
        Item("hole", bytes(3_000_000)),
        Item("n" * 200 + "/", type=DIR, mode=0o711, uid=2_500_000, gid=70_000),
        Item("grüße \n", b"a name"),
    ),
    layer(
        ".wh.old",
        "cleared/",
        Item("cleared/new", b"new"),
        "cleared/.wh..wh..opq",
        Item("a", b"changed"),
        Item("conf/", type=DIR, mode=0o2750, uid=7, gid=8),
    ),
    layer(
        "turns/",
        Item("turns/file", b"a folder now"),
        Item("turned", b"a file now"),
        Item("conf/app", b"two", mode=0o600),
        Item("conf/", type=DIR, mode=0o2755, uid=9, gid=8),
    ),
)
OF_DOCKER = ("dev", "etc", "proc", "sys", ".dockerenv")  # what it adds to every container


@contextmanager
def loaded() -> Iterator[str]:
    """Only on the Docker daemon; its id."""
    config = json.dumps(
        config_of(LAYERS, Entrypoint=["/bin/root"], User="9:8", StopSignal="SIGQUIT")
    ).encode()
    listed = [
        {
            "Config": "config.json",
            "RepoTags": None,
            "Layers": [f"{n}/layer.tar" for n in range(len(LAYERS))],
        }
    ]
    archive = layer(
        Item("config.json", config),
        *(Item(f"{number}/layer.tar", content) for number, content in enumerate(LAYERS)),
        Item("manifest.json", json.dumps(listed).encode()),
    )
    with docker_client() as client:
        client.images.load(archive)
        try:
            yield digest(config)
        finally:
            client.images.remove(digest(config), force=True)


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "rehouse" / "disks"


@dataclass(frozen=True)
class File:
    """What is to be the same. Folders have no time: adding to them changes it."""

    kind: int
    mode: int
    owner: tuple[int, int]
    time: int
    device: int
    content: str
    capability: bytes


def files_of(disk: RootDisk, root: Path) -> dict[str, File]:
    """As the tool unpacks them."""
    command = ["unsquashfs", "-quiet", "-no-progress", "-d", str(root), str(disk.path)]
    subprocess.run(command, check=True, capture_output=True)
    return files_in(root)


def files_in(root: Path) -> dict[str, File]:
    return {str(path.relative_to(root)): _file(path) for path in root.rglob("*")}


def _file(path: Path) -> File:
    about, content, capability = path.lstat(), "", b""
    kind = stat.S_IFMT(about.st_mode)
    if kind == stat.S_IFLNK:
        content = str(path.readlink())
    elif kind == stat.S_IFREG:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        if "security.capability" in os.listxattr(path):
            capability = os.getxattr(path, "security.capability")
    time = 0 if kind == stat.S_IFDIR else int(about.st_mtime)
    owner = (about.st_uid, about.st_gid)
    return File(kind, stat.S_IMODE(about.st_mode), owner, time, about.st_rdev, content, capability)


@contextmanager
def mounted(disk: Path, folder: Path) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "squashfs", "-o", "loop,ro", str(disk), str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def files_of_container(image: str) -> dict[str, File]:
    """As Docker exports it, without what Docker adds."""
    with docker_client() as client:
        made = client.api.create_container(image)["Id"]
        try:
            raw = b"".join(client.api.export(made))
        finally:
            client.api.remove_container(made)
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        members = {each.name: each for each in tar if each.name.partition("/")[0] not in OF_DOCKER}
        return {name: _member(tar, members, each) for name, each in members.items()}


def _member(
    tar: tarfile.TarFile, members: dict[str, tarfile.TarInfo], each: tarfile.TarInfo
) -> File:
    one = members[each.linkname] if each.islnk() else each
    kinds = {DIR: stat.S_IFDIR, LINK: stat.S_IFLNK, CHAR: stat.S_IFCHR, PIPE: stat.S_IFIFO}
    file = tar.extractfile(one) if one.isreg() else None
    return File(
        kind=kinds.get(one.type, stat.S_IFREG),
        mode=one.mode & 0o7777,
        owner=(one.uid, one.gid),
        time=0 if one.isdir() else int(one.mtime),
        device=os.makedev(one.devmajor, one.devminor) if one.ischr() else 0,
        content=hashlib.sha256(file.read()).hexdigest() if file else one.linkname,
        capability=one.pax_headers.get("SCHILY.xattr.security.capability", "").encode(),
    )


@contextmanager
def pushed(image: str, name: str) -> Iterator[str]:
    with docker_client() as client:
        client.images.get(image).tag(f"{REGISTRY}/{name}", "1")
        answer = client.api.push(f"{REGISTRY}/{name}", "1")
        assert "error" not in answer, answer
        yield f"{REGISTRY}/{name}:1"


def digest_of(name: str) -> str:
    with docker_client() as client:
        return str(client.api.inspect_distribution(f"{REGISTRY}/{name}")["Descriptor"]["digest"])


def sum_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def whole(cache: Path) -> bool:
    """Nothing but disks and their notes."""
    return sorted(path.suffix for path in cache.iterdir()) == [".json", ".squashfs"]


def instead_of_mksquashfs(folder: Path, script: str) -> Path:
    tools = folder / "tools"
    tools.mkdir()
    (tools / "mksquashfs").write_text(f"#!/bin/sh\n{script}\n")
    (tools / "mksquashfs").chmod(0o755)
    return tools


def asking(tools: Path) -> "subprocess.Popen[str]":
    """Somebody else who asks for the example's disk."""
    program = (
        "from rehouse.oci.disk import root_disk; from rehouse.oci.registry import Registry;"
        f"print(root_disk('{EXAMPLE}', Registry()).model_dump_json())"
    )
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment
    )


@contextmanager
def small(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)], check=True
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def tls_registry(folder: Path) -> Iterator[str]:
    """An empty one, with a certificate that nobody here trusts."""
    port, server = free_port(), make_certificates(folder / "certificates").server
    settings = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
        "http": {
            "addr": f"127.0.0.1:{port}",
            "tls": {"certificate": f"{server}/cert.pem", "key": f"{server}/key.pem"},
        },
    }
    (folder / "config.json").write_text(json.dumps(settings))
    command = ["/usr/bin/docker-registry", "serve", str(folder / "config.json")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        eventually(lambda: listens(port))
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
