"""Bytes are believed when their digests fit, however they are packed, and never before."""

import gzip
import io
from pathlib import Path

import pytest
import zstandard

from rehouse.oci.blobs import Checked, unpack
from rehouse.oci.faults import Malformed, Unfaithful
from tests.unit.oci_images import digest

PLAIN = bytes(range(256)) * 5000
GZIP = gzip.compress(PLAIN)
PARTS = gzip.compress(PLAIN[:1000]) + gzip.compress(PLAIN[1000:])
ZSTD = zstandard.compress(PLAIN)
FRAMES = (
    zstandard.compress(PLAIN[:1000])
    + b"\x50\x2a\x4d\x18\x02\0\0\0hi"
    + zstandard.compress(PLAIN[1000:])
)
PACKED = {
    "plain": PLAIN,
    "gzip": GZIP,
    "gzip in parts": PARTS,
    "zstd": ZSTD,
    "zstd in frames": FRAMES,
}


def unpacked(
    folder: Path, blob: Checked, diff_id: str = digest(PLAIN), most: int = 1 << 30
) -> bytes:
    length = unpack(blob, diff_id, folder / "plain", most)
    content = (folder / "plain").read_bytes()
    assert length == len(content)
    return content


def blob(content: bytes, came: bytes | None = None) -> Checked:
    """What should be *content*, and comes as something else."""
    return Checked(io.BytesIO(content if came is None else came), digest(content), len(content))


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
def test_each_way_to_pack_a_layer_is_read(tmp_path: Path, packed: bytes) -> None:
    assert unpacked(tmp_path, blob(packed)) == PLAIN


@pytest.mark.parametrize("content", [b"", b"a", b"\x1f", gzip.compress(b"", mtime=0)])
def test_tiny_layers_are_read(tmp_path: Path, content: bytes) -> None:
    plain = b"" if content[:2] == b"\x1f\x8b" else content
    assert unpacked(tmp_path, blob(content), digest(plain)) == plain


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
def test_one_wrong_byte_is_found(tmp_path: Path, packed: bytes) -> None:
    """And called what it is: damaged on its way, not badly made."""
    for place in (0, 3, len(packed) // 2, len(packed) - 1):
        came = bytearray(packed)
        came[place] ^= 0x10
        with pytest.raises(Unfaithful, match="is not what came"):
            unpacked(tmp_path, blob(packed, bytes(came)))


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
def test_too_few_and_too_many_bytes_are_found(tmp_path: Path, packed: bytes) -> None:
    with pytest.raises(Unfaithful, match="ended after"):
        unpacked(tmp_path, blob(packed, packed[:-1]))
    with pytest.raises(Unfaithful, match="more than"):
        unpacked(tmp_path, blob(packed, packed + b"\0"))


def test_what_is_packed_badly_is_the_maker_s_fault(tmp_path: Path) -> None:
    for packed in (GZIP[:-9], ZSTD[:-9], GZIP[:100] + bytes(500)):
        with pytest.raises(Malformed):
            unpacked(tmp_path, blob(packed))


def test_a_layer_is_what_the_configuration_says_when_unpacked(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="its configuration says"):
        unpacked(tmp_path, blob(GZIP), digest(b"something else"))


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_few_bytes_do_not_become_more_than_is_allowed(tmp_path: Path, pack) -> None:
    """What was written till then is bounded too."""
    with pytest.raises(Malformed, match="GiB"):
        unpacked(tmp_path, blob(pack(bytes(50 << 20))), digest(b""), most=5 << 20)
    assert (tmp_path / "plain").stat().st_size <= 5 << 20


@pytest.mark.parametrize("name", ["md5:" + "0" * 32, "sha256", "", "sha256:zz"])
def test_only_sound_digests_are_believed(tmp_path: Path, name: str) -> None:
    with pytest.raises((Malformed, Unfaithful)):
        unpacked(tmp_path, Checked(io.BytesIO(PLAIN), name or "x:"), digest(PLAIN))
