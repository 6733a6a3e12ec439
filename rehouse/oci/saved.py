"""Images that only a Docker daemon has: asked for as ``docker save`` does."""

import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from rehouse.components.daemon import connected, local_image, save
from rehouse.components.errors import OutOfReach
from rehouse.components.site import Daemon
from rehouse.oci.blobs import Checked
from rehouse.oci.config import must_run
from rehouse.oci.faults import Unfaithful
from rehouse.oci.manifest import read_json
from rehouse.oci.source import Brought


@dataclass(frozen=True)
class Local:
    """The images of one Docker daemon."""

    daemon: Daemon

    @contextmanager
    def find(self, image: str, architecture: str) -> Iterator["Stored"]:
        with connected(self.daemon) as client:
            there = local_image(client, image)
            if there is None:
                fix = f"docker --host {self.daemon.url} pull {image}, or load it there"
                raise OutOfReach(
                    f"image {image}", f"is not on Docker daemon {self.daemon.name}", fix
                )
            must_run(image, [f"{there['Os']}/{there['Architecture']}"], architecture)
            image_id = str(there["Id"])
            yield Stored(image_id, partial(save, client, image_id))


@dataclass(frozen=True)
class Stored:
    """One image on a daemon."""

    image_id: str
    _save: Callable[[Path], None]
    digests: tuple[str, ...] = ()

    def bring(self, work: Path) -> Brought:
        saved = work / "saved.tar"
        self._save(saved)
        with _archive(saved) as archive:
            listed = read_json(b'{"images": %b}' % _member(archive, "manifest.json").read())
            try:
                (one,) = listed["images"]
                config = read_json(_member(archive, one["Config"]).read())
                layers = [partial(_opened, saved, str(name)) for name in one["Layers"]]
            except (ValueError, KeyError, TypeError) as error:
                raise Unfaithful("Docker saved something else than this image") from error
        return Brought(config, layers)


@contextmanager
def _opened(saved: Path, name: str) -> Iterator[Checked]:
    """The daemon names layers as it likes; what they are when unpacked is checked as for all."""
    with _archive(saved) as archive:
        yield Checked(_member(archive, name))


@contextmanager
def _archive(saved: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(saved, "r:") as archive:
            yield archive
    except tarfile.TarError as error:
        raise Unfaithful(f"what Docker saved is not whole: {error}") from error


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        file = archive.extractfile(name)
    except KeyError:
        file = None
    if file is None:
        raise Unfaithful(f"what Docker saved has no {name[:100]}")
    return file
