"""Layers and registries for tests of images: small, made in memory, and damaged where a test wants it."""

import contextlib
import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DIR, LINK, HARD = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


@dataclass(frozen=True)
class Item:
    """One entry of a layer."""

    name: str
    data: bytes = b""
    type: bytes = tarfile.REGTYPE
    link: str = ""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: float = 0
    device: tuple[int, int] = (0, 0)
    xattrs: dict[str, str] = field(default_factory=dict)

    def info(self) -> tarfile.TarInfo:
        made = tarfile.TarInfo(self.name)
        made.type, made.linkname, made.mode, made.mtime = (
            self.type,
            self.link,
            self.mode,
            self.mtime,
        )
        made.uid, made.gid, made.size = self.uid, self.gid, len(self.data)
        made.devmajor, made.devminor = self.device
        made.pax_headers = {f"SCHILY.xattr.{name}": each for name, each in self.xattrs.items()}
        return made


def layer(*items: Item | str) -> bytes:
    """A tar of these; a bare name is an empty file, or with a slash at its end a folder."""
    raw = io.BytesIO()
    with tarfile.open(
        fileobj=raw, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for each in items:
            item = each if isinstance(each, Item) else _plain(each)
            tar.addfile(item.info(), io.BytesIO(item.data))
    return raw.getvalue()


def laid(folder: Path, *layers: bytes) -> list[Path]:
    """As files, as the tree reads them."""
    paths = [folder / f"{number}.tar" for number in range(len(layers))]
    for path, content in zip(paths, layers, strict=True):
        path.write_bytes(content)
    return paths


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _plain(name: str) -> Item:
    return Item(name, type=DIR, mode=0o755) if name.endswith("/") else Item(name)


class FakeRegistry:
    """Answers on loopback; what it has and how it asks for a login is the test's to change."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.damaged: dict[str, bytes] = {}
        self.cut: dict[str, int] = {}
        self.login: str | None = None  # what Authorization has to be
        self.challenge = ""
        self.tokens: list[tuple[str, str, str]] = []  # method, query or form, Authorization
        self.token_answer: tuple[int, Any] = (200, {"token": "t0ken"})
        self.elsewhere: str | None = None  # where blobs are redirected to
        self.seen: list[tuple[str, str | None]] = []
        self.address = ""

    def push(self, tag: str, *layers: bytes, **config: Any) -> str:
        """A manifest with a configuration and gzipped layers; its digest."""
        made = config_of(layers, **config)
        body = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(json.dumps(made).encode()),
            "layers": [self.blob(gzip.compress(each, mtime=0)) for each in layers],
        }
        return self.put(tag, MANIFEST, body)

    def index(self, tag: str, *entries: tuple[str, str]) -> str:
        """A list of manifests: digest and architecture."""
        listed = [
            {
                "digest": each,
                "size": len(self.manifests[each][1]),
                "platform": {"os": "linux", "architecture": machine},
            }
            for each, machine in entries
        ]
        return self.put(tag, INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": listed})

    def put(self, tag: str, kind: str, body: dict[str, Any]) -> str:
        raw = json.dumps(body).encode()
        self.manifests[tag] = self.manifests[digest(raw)] = (kind, raw)
        return digest(raw)

    def blob(self, content: bytes) -> dict[str, Any]:
        self.blobs[digest(content)] = content
        return {"digest": digest(content), "size": len(content)}


def config_of(layers: tuple[bytes, ...], **config: Any) -> dict[str, Any]:
    machine = config.pop("architecture", "amd64")
    diff_ids = [digest(each) for each in layers]
    return {
        "os": "linux",
        "architecture": machine,
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }


@contextlib.contextmanager
def serving(registry: FakeRegistry) -> Iterator[FakeRegistry]:
    class Handler(_Handler):
        fake = registry

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    registry.address = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    fake: FakeRegistry

    def do_GET(self) -> None:
        fake, shown = self.fake, self.headers.get("Authorization")
        fake.seen.append((self.path, shown))
        if self.path.startswith("/token"):
            self._token("GET", self.path.partition("?")[2])
        elif fake.login is not None and shown != fake.login:
            self._answer(401, b"{}", {"WWW-Authenticate": fake.challenge})
        elif "/manifests/" in self.path:
            self._manifest(self.path.rpartition("/")[2])
        elif "/blobs/" in self.path:
            self._blob(self.path.rpartition("/")[2])
        else:
            self._answer(200, b"{}")

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._token("POST", form)

    def log_message(self, *_: object) -> None:
        pass

    def _token(self, method: str, words: str) -> None:
        self.fake.tokens.append((method, words, self.headers.get("Authorization") or ""))
        status, said = self.fake.token_answer
        self._answer(status, json.dumps(said).encode())

    def _manifest(self, wanted: str) -> None:
        if wanted not in self.fake.manifests:
            errors = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
            return self._answer(404, json.dumps(errors).encode())
        kind, raw = self.fake.manifests[wanted]
        return self._answer(200, self.fake.damaged.get(wanted, raw), {"Content-Type": kind})

    def _blob(self, wanted: str) -> None:
        if self.fake.elsewhere:
            place = f"http://{self.fake.elsewhere}{self.path}"
            return self._answer(307, b"", {"Location": place})
        content = self.fake.damaged.get(wanted, self.fake.blobs.get(wanted, b""))
        return self._answer(200, content, cut=self.fake.cut.get(wanted))

    def _answer(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        cut: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:cut])
