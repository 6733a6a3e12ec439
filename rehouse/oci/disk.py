"""An image becomes the root disk of VMs: a squashfs that is made once per content and kept."""

import errno
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rehouse.components.errors import OutOfReach, Wrong
from rehouse.components.scratch import scratch
from rehouse.oci.blobs import unpack
from rehouse.oci.config import RootDisk, here, layers_of, must_run, read_config
from rehouse.oci.faults import Malformed, Unfaithful
from rehouse.oci.reference import content_name
from rehouse.oci.shelf import Shelf, synced
from rehouse.oci.source import MOST_LAYERS, Brought, Found, Source
from rehouse.oci.squash import FORMAT, squash
from rehouse.oci.tree import merged

MOST_BYTES = 64 << 30  # of all layers unpacked, and of all files


def root_disk(image: str, source: Source, architecture: str | None = None) -> RootDisk:
    """The image's files as a squashfs in the user's cache folder, for this machine's processor or another.

    Where the name has a digest and the disk is there, nobody is asked. Several processes may call it at
    once: one makes the disk, the others wait. Raises OutOfReach where the image, mksquashfs or room on the disk
    is missing, Wrong where the image is malformed, Refused where it is for other machines.
    """
    wanted, shelf = architecture or here(), Shelf()
    digest = content_name(image)
    if digest and (disk := shelf.find(digest, wanted)):
        return disk
    with (
        _explained(image, shelf.folder),
        source.find(image, wanted) as found,
        shelf.alone(found.image_id),
    ):
        disk = shelf.take(found.image_id, found.digests) or _made(image, found, wanted, shelf)
        must_run(image, [disk.config.platform], wanted)
    shelf.tidy()
    return disk


def _made(image: str, found: Found, wanted: str, shelf: Shelf) -> RootDisk:
    with scratch(shelf.folder) as room:
        brought = found.bring(room.folder)
        config = read_config(brought.config)
        must_run(image, [config.platform], wanted)
        tree = merged(_layers(brought, room.folder))
        made = room.folder / "root.squashfs"
        squash(tree, made, MOST_BYTES)
        synced(made)
        disk = RootDisk(
            path=shelf.path(found.image_id),
            format=FORMAT,
            image_id=found.image_id,
            digests=found.digests,
            sha256=_sha256(made),
            size=made.stat().st_size,
            config=config,
            left_out=tuple(tree.left_out),
        )
        return shelf.put(made, disk)


def _layers(brought: Brought, work: Path) -> list[Path]:
    """All of them, unpacked: files are read from them once it is known which are not hidden."""
    diff_ids, left = layers_of(brought.config), MOST_BYTES
    if len(diff_ids) != len(brought.layers) or len(diff_ids) > MOST_LAYERS:
        what = f"it has {len(brought.layers)} layers, its configuration names {len(diff_ids)}"
        raise Malformed(f"{what}, and at most {MOST_LAYERS} are read")
    tars = [work / f"{number}.tar" for number in range(len(diff_ids))]
    for tar, opened, diff_id in zip(tars, brought.layers, diff_ids, strict=True):
        with opened() as blob:
            left -= unpack(blob, diff_id, tar, left)
    return tars


@contextmanager
def _explained(image: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except Malformed as error:
        raise Wrong(f"image {image}", str(error), "build it again, or name another one") from error
    except Unfaithful as error:
        fix = "try again; if it stays so, the image has to be pushed again"
        raise OutOfReach(f"image {image}", f"came damaged: {error}", fix) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        fix = "make room there, or set XDG_CACHE_HOME to a folder that has some"
        raise OutOfReach(f"disk of image {image}", f"no room in {folder}", fix) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
