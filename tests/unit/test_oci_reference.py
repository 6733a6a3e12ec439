"""Names of images mean what they mean to Docker."""

import pytest

from rehouse.components.errors import Wrong
from rehouse.oci.reference import Reference, content_name, parsed

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("web", Reference("docker.io", "library/web", "latest", None)),
        ("web:1", Reference("docker.io", "library/web", "1", None)),
        ("team/web:1", Reference("docker.io", "team/web", "1", None)),
        ("docker.io/web", Reference("docker.io", "library/web", "latest", None)),
        ("localhost/web", Reference("localhost", "web", "latest", None)),
        ("127.0.0.1:5000/a/b-c/d__e:v1.2", Reference("127.0.0.1:5000", "a/b-c/d__e", "v1.2", None)),
        ("[::1]:5000/web", Reference("[::1]:5000", "web", "latest", None)),
        (f"r.example.com/web:1@{DIGEST}", Reference("r.example.com", "web", "1", DIGEST)),
    ],
)
def test_a_name_says_where_the_image_is(image: str, expected: Reference) -> None:
    assert parsed(image) == expected


@pytest.mark.parametrize(
    "image",
    ["", "Web", "web:", "web@sha256:12", "r.example.com/", "r.example.com/../x", "a b", "web:1:2",
     DIGEST, "http://r.example.com/web", "r.example.com/web?x=1", "r.example.com:port/web", "web\n"],
)  # fmt: skip
def test_what_is_no_name_is_refused(image: str) -> None:
    with pytest.raises(Wrong):
        parsed(image)


@pytest.mark.parametrize(
    ("image", "digest"),
    [
        (DIGEST, DIGEST),
        (f"web@{DIGEST}", DIGEST),
        (f"r/w:1@{DIGEST}", DIGEST),
        ("web:1", None),
        ("web@x", None),
    ],
)
def test_only_a_digest_can_mean_but_one_content(image: str, digest: str | None) -> None:
    assert content_name(image) == digest
