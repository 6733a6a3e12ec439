"""Images behind a login: pulled with what `docker login` keeps, refused with what helps without it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.estate import Stack
from tests.e2e.private_registry import logged_in, private_registry

pytestmark = pytest.mark.e2e


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "registry"
    folder.mkdir()
    with private_registry(folder) as address:
        yield address


def test_an_image_behind_a_login_is_pinned_and_pulled(
    stack: Stack, registry: str, tmp_path: Path
) -> None:
    """The daemon never had it: both the digest and the image come with the credentials of the client."""
    stack.variables["DOCKER_CONFIG"] = str(logged_in(tmp_path / "docker", registry))
    stack.up_or_fail(image=f"{registry}/example:1")
    assert stack.answer()["version"] == "1"


def test_without_a_login_nothing_is_created(stack: Stack, registry: str) -> None:
    """Also where an older copy could be run instead: what the tag means now, nobody here can say."""
    stack.up(image=f"{registry}/example:1").explains(
        f"image {registry}/example:1", "no basic auth credentials"
    )
    assert stack.containers() == []
