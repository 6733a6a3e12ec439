"""Secrets that can be recognised wherever they turn up, and in whatever form."""

import base64
import contextlib
import gzip
import secrets
import string
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

ALPHABET = string.ascii_letters + string.digits
KINDS = {
    "plain": "{0}",
    "lines": "-----BEGIN KEY-----\n{0}\n{0}==\n-----END KEY-----\n\n",
    "quotes": "'{0}\"`$(id)\\n{0}'",
    "unicode": "ß{0}→😀{0}ñ",
    "signs": "%{0}=&+/?#: {0}%3D",
}


@dataclass
class Hunt:
    """What it plants has one random marker at every end, so that a part of a value is found as well."""

    marker: str = field(default_factory=lambda: _marker())
    values: dict[str, str] = field(default_factory=dict)

    def plant(self, name: str, kind: str = "plain") -> str:
        """A new secret; *name* tells it from the others in what is found."""
        word = f"{self.marker}{len(self.values):02}{self.marker}"
        self.values[name] = KINDS[kind].format(word)
        return self.values[name]

    def found(self, seen: Mapping[str, bytes]) -> list[str]:
        """Where it was, in which form, and what stood around it; *seen* is place to content."""
        hits = []
        for place, raw in seen.items():
            content = unpacked(raw)
            for form, sought in self.forms().items():
                at = content.find(sought)
                if at >= 0:
                    around = content[max(0, at - 60) : at + 100]
                    hits.append(f"{place} ({form}): {around!r}")
        return hits

    def forms(self) -> dict[str, bytes]:
        """The marker as it would stand in the middle of something longer."""
        raw = self.marker.encode()
        return {
            "raw": raw,
            "hex": raw.hex().encode(),
            "HEX": raw.hex().upper().encode(),
            "every byte URL-encoded": "".join(f"%{each:02X}" for each in raw).encode(),
            "every byte url-encoded": "".join(f"%{each:02x}" for each in raw).encode(),
            **{f"base64 at {shift}": _inner(raw, shift) for shift in range(3)},
        }


def disguised(value: str) -> dict[str, bytes]:
    """A whole value as a leak would show it."""
    raw = value.encode()
    return {
        "raw": raw,
        "base64": base64.b64encode(raw),
        "url-safe base64": base64.urlsafe_b64encode(raw),
        "base64 in something longer": base64.b64encode(b"user:" + raw),
        "base64 in something one longer": base64.b64encode(b"users:" + raw),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "URL-encoded": quote(value, safe="").encode(),
        "URL-encoded form": quote_plus(value).encode(),
        "all of it URL-encoded": "".join(f"%{each:02X}" for each in raw).encode(),
        "JSON": value.encode("unicode_escape"),
        "the last half": raw[len(raw) // 2 :],
        "the first half": raw[: len(raw) // 2 + 1],
        "gzip": gzip.compress(raw),
    }


def _marker() -> str:
    """Letters and digits, also in base64: so its forms are the same in all dialects. hex and HEX are two of them."""
    while True:
        marker = "".join(secrets.choice(ALPHABET) for _ in range(12))
        inner = [_inner(marker.encode(), shift) for shift in range(3)]
        if all(each.isalnum() for each in inner) and not marker.encode().hex().isdecimal():
            return marker


def _inner(raw: bytes, shift: int) -> bytes:
    """What base64 makes of *raw* behind *shift* other bytes, without what its neighbours have a part in."""
    packed = base64.b64encode(b"\0" * shift + raw)
    first = -(-shift * 8 // 6)
    last = (shift + len(raw)) * 8 // 6
    return packed[first:last]


def unpacked(raw: bytes) -> bytes:
    """Of what is compressed, as much as is written already."""
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    with contextlib.suppress(zlib.error):
        return zlib.decompressobj(31).decompress(raw)
    return raw
