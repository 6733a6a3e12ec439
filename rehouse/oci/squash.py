"""A tree of files as a squashfs: one read-only file that a kernel mounts. The work is mksquashfs's."""

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from rehouse.components.errors import OutOfReach
from rehouse.oci.stream import write_tar
from rehouse.oci.tree import Tree

FORMAT = 1  # to be raised where the same image gives other bytes than before
_TOOL = "mksquashfs"  # sqfstar is the same program, but its 4.5 cannot read a compression level
_OPTIONS = (
    *("-tar", "-comp", "zstd", "-b", "128K"),
    *("-Xcompression-level", "3"),  # its default, 15, takes 30 times as long for an eighth less
    *("-root-mode", "755", "-root-uid", "0", "-root-gid", "0"),
    *("-no-exports", "-exit-on-error", "-quiet", "-no-progress"),
    *("-mem", "512M"),
)
_FIX = "see that the folder has room"


def squash(tree: Tree, target: Path, most: int) -> None:
    """Raises OutOfReach where mksquashfs is missing or gives up, Malformed where the files are more than *most* bytes.

    The same tree and the same mksquashfs give the same bytes.
    """
    if shutil.which(_TOOL) is None:
        fix = "apt-get install squashfs-tools (4.5 or newer)"
        raise OutOfReach(_TOOL, "is not installed on this machine", fix)
    with tempfile.TemporaryFile() as said:
        status = _run(tree, target, most, said)
        if status:
            said.seek(0)
            words = " ".join(said.read()[-300:].decode(errors="replace").split())
            what = f"failed with status {status}: {words}"
            raise OutOfReach(f"{_TOOL} in {target.parent}", what, _FIX)


def _run(tree: Tree, target: Path, most: int, said: IO[bytes]) -> int:
    process = subprocess.Popen(
        [_TOOL, "-", str(target), *_OPTIONS],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=said,
        env=_environment(tree),
    )
    assert process.stdin is not None
    try:
        with suppress(BrokenPipeError), process.stdin:  # where it ends too early, it says why
            write_tar(tree, process.stdin, most)
    except BaseException:
        process.kill()
        raise
    finally:
        process.wait()
    return process.returncode


def _environment(tree: Tree) -> dict[str, str]:
    """Nothing of the caller's that could make another disk.

    The time is the disk's own and bounds all others: to the root mksquashfs gives the present, whatever
    -root-time says. So only an image with files from the future is not the same each time.
    """
    newest = max((node.entry.mtime for _, node in tree.walk()), default=0)
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "LC_ALL": "C", "SOURCE_DATE_EPOCH": str(newest)}
