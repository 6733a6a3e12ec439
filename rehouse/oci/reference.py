"""What an image's name says: registry, repository, and tag or digest; as Docker reads it."""

import re
from dataclasses import dataclass

from rehouse.components.errors import Wrong

HUB = "docker.io"
_HOST = r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(
    rf"(?:(?P<host>{_HOST})/)?(?P<repository>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?"
)


@dataclass(frozen=True)
class Reference:
    """Where an image is; *digest* wins over *tag*."""

    registry: str
    repository: str
    tag: str
    digest: str | None

    @property
    def wanted(self) -> str:
        return self.digest or self.tag


def parsed(image: str) -> Reference:
    """Raises Wrong for what is no name of an image in a registry."""
    host, _, rest = image.partition("/")
    if not rest or not _is_host(host):
        host, rest = HUB, image
    found = _NAME.fullmatch(f"{host}/{rest}")
    if found is None or image.startswith("sha256:"):
        fix = "registry/repository:tag or registry/repository@sha256:…"
        raise Wrong(f"image {image}", "is no name that a registry knows", fix)
    repository = found["repository"]
    if host == HUB and "/" not in repository:
        repository = f"library/{repository}"
    return Reference(host, repository, found["tag"] or "latest", found["digest"])


def content_name(image: str) -> str | None:
    """The digest, where the name has one: then it can mean only one content."""
    _, _, digest = image.rpartition("@")
    return digest if re.fullmatch(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}", digest) else None


def _is_host(part: str) -> bool:
    return "." in part or ":" in part or part == "localhost"
