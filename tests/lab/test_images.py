"""Images are made of their content alone, and what was built is kept, but not for ever."""

import os
from pathlib import Path

import pytest

from lab import cache
from lab.images.layer import make_layer
from lab.images.storage import Image, store


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cache in a folder of the test's own, with the making of images counted."""
    made: list[str] = []

    def images(work: Path) -> list[Image]:
        made.append("made")
        return [image()]

    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path)
    monkeypatch.setattr(cache, "images", images)
    return made


def image(content: bytes = b"program") -> Image:
    return Image("example", "1", make_layer({"example": content}, {}), "amd64")


def test_the_same_content_has_the_same_digest(tmp_path: Path) -> None:
    digests = [store(image(), tmp_path / name) for name in ("one", "two")]
    assert digests[0] == digests[1] != store(image(b"other"), tmp_path / "three")


def test_images_are_made_once(built: list[str], tmp_path: Path) -> None:
    assert cache.build() == cache.build()
    cache.copy_registry(tmp_path / "copy")
    assert (built, (tmp_path / "copy/docker").is_dir()) == (["made"], True)


def test_the_newest_two_are_kept(
    built: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, key in enumerate(("old", "middle", "new")):
        monkeypatch.setattr(cache, "_key", lambda key=key: key)
        place = cache.build()
        os.utime(place, (number, number))
    cache.build()
    assert sorted(entry.name for entry in (tmp_path / "lab").iterdir()) == [
        "registry-middle",
        "registry-new",
    ]


def test_a_build_that_was_killed_is_cleared(built: list[str], tmp_path: Path) -> None:
    (tmp_path / "lab" / "unfinished-1").mkdir(parents=True)
    place = cache.build()
    assert list((tmp_path / "lab").iterdir()) == [place]
