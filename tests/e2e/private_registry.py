"""A registry that asks who you are, for images that are nobody else's business."""

import base64
import contextlib
import ctypes
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from lab.daemons import free_port
from tests.e2e.estate import REGISTRY, docker_client, eventually, listens

USER, PASSWORD = "ops", "hunter2"


@contextlib.contextmanager
def private_registry(folder: Path, password: str = PASSWORD) -> Iterator[str]:
    """Its address; it has example:1, and the Docker daemon has nothing of it."""
    port = free_port()
    (folder / "htpasswd").write_text(f"{USER}:{_bcrypt(password)}\n")
    settings = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
        "http": {"addr": f"127.0.0.1:{port}", "secret": "of-this-test"},
        "auth": {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}},
        "log": {"level": "warn"},
    }
    (folder / "config.json").write_text(json.dumps(settings))
    with (folder / "log").open("wb") as log:
        command = ["/usr/bin/docker-registry", "serve", str(folder / "config.json")]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            eventually(lambda: listens(port))
            _push(f"127.0.0.1:{port}/example", password)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def logged_in(folder: Path, registry: str, password: str = PASSWORD) -> Path:
    """A folder for DOCKER_CONFIG, as ``docker login`` leaves it."""
    folder.mkdir()
    words = base64.b64encode(f"{USER}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {registry: {"auth": words}}}))
    return folder


def _push(repository: str, password: str) -> None:
    with docker_client() as client:
        image = client.images.pull(f"{REGISTRY}/example", tag="1")
        assert image.tag(repository, "1")
        answer = client.api.push(
            repository, "1", auth_config={"username": USER, "password": password}
        )
        assert "error" not in answer, answer
        client.images.remove(f"{repository}:1")


def _bcrypt(password: str) -> str:
    """The only form of a password that the registry takes."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    return str(library.crypt(password.encode(), b"$2b$05$abcdefghijklmnopqrstuu").decode())
