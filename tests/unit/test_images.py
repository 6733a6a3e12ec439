"""An image is pinned to what its name means now, and must fit every daemon."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from rehouse.components import images
from rehouse.components.errors import OutOfReach, Refused
from rehouse.components.images import pin
from rehouse.components.site import Daemon

ID = "sha256:" + "1" * 64
DIGEST = "sha256:" + "2" * 64
AMD = "linux/amd64"
HERE, THERE = Daemon(name="here"), Daemon(name="there", url="ssh://ops@10.0.0.5")


@dataclass
class Docker:
    """What two daemons have, and what the registry answers."""

    local: dict[str, dict[str, Any]] = field(default_factory=dict)
    published: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    platforms: dict[str, str] = field(default_factory=dict)
    refusal: str = "manifest unknown"
    asked: list[str] = field(default_factory=list)

    @contextmanager
    def connected(self, daemon: Daemon) -> Iterator[str]:
        yield daemon.name

    def local_image(self, client: str, image: str) -> dict[str, Any] | None:
        return self.local.get(f"{client} {image}")

    def published_image(self, client: str, image: str) -> tuple[str, list[str]]:
        self.asked.append(client)
        if image not in self.published:
            raise LookupError(self.refusal)
        return self.published[image]

    def platform(self, client: str) -> str:
        return self.platforms.get(client, AMD)

    def has(self, client: str, image: str, *digests: str) -> None:
        built = {"Id": ID, "RepoDigests": digests, "Os": "linux", "Architecture": "amd64"}
        self.local |= {f"{client} {image}": built, f"{client} {ID}": built}


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Docker:
    fake = Docker()
    for name in ("connected", "local_image", "published_image", "platform"):
        monkeypatch.setattr(images, name, getattr(fake, name))
    return fake


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("web:1", "web"),
        ("web", "web"),
        ("r.example:5000/team/web:1", "r.example:5000/team/web"),
        ("r.example:5000/team/web", "r.example:5000/team/web"),
    ],
)
def test_a_tag_becomes_the_digest_behind_it(docker: Docker, image: str, repository: str):
    """The name stays, the tag goes; a port in the name is no tag."""
    docker.published[image] = (DIGEST, [AMD])
    assert f"{repository}@{DIGEST}" == pin(image, [HERE], {})


def test_the_registry_knows_better_than_the_daemon(docker: Docker):
    """An image that was pulled long ago does not decide what its tag means now."""
    docker.has("here", "web:1", f"web@{ID}")
    docker.published["web:1"] = (DIGEST, [AMD])
    assert f"web@{DIGEST}" == pin("web:1", [HERE], {})


def test_the_registry_is_asked_through_the_first_daemon_only(docker: Docker):
    """Each daemon may have credentials of its own; one answer is enough."""
    docker.published["web:1"] = (DIGEST, [AMD])
    pin("web:1", [THERE, HERE], {})
    assert docker.asked == ["there"]


def test_a_digest_stays_what_it_is(docker: Docker):
    """Who says exactly what to run gets that, without a registry where the daemon has it."""
    docker.has("here", f"web:1@{DIGEST}", f"web@{DIGEST}")
    assert f"web:1@{DIGEST}" == pin(f"web:1@{DIGEST}", [HERE], {})
    assert not docker.asked


def test_a_digest_that_is_not_there_yet_is_looked_up(docker: Docker):
    """Its platforms must be known before a container is made."""
    docker.published[f"web:1@{DIGEST}"] = (DIGEST, [AMD])
    assert f"web@{DIGEST}" == pin(f"web:1@{DIGEST}", [HERE], {})


def test_an_image_that_is_only_local_is_pinned_by_its_id(docker: Docker):
    """It was built there and never pushed: no registry is asked."""
    docker.has("here", "web:1")
    assert pin("web:1", [HERE], {}) == ID
    assert not docker.asked


@pytest.mark.parametrize("refusal", ["manifest unknown", "denied: access", "not found"])
def test_an_image_that_no_registry_has_is_pinned_by_its_id(docker: Docker, refusal: str):
    """It has a digest from elsewhere, but registries say that they do not have its name."""
    docker.has("here", "web:1", f"other@{DIGEST}")
    docker.refusal = refusal
    assert pin("web:1", [HERE], {}) == ID


def test_a_local_image_must_be_on_every_daemon(docker: Docker):
    """Nobody else can pull it: refused before anything is made."""
    docker.has("here", "web:1")
    with pytest.raises(Refused) as raised:
        pin("web:1", [HERE, THERE], {})
    assert str(raised.value) == (
        "image web:1: exists only elsewhere, not on Docker daemon there\n"
        "fix: push it to a registry, or load it there: docker save … | docker load"
    )


def test_a_local_image_on_every_daemon_is_accepted(docker: Docker):
    """It was loaded on both, so both can run it."""
    docker.has("here", "web:1")
    docker.has("there", "web:1")
    assert pin("web:1", [HERE, THERE], {}) == ID


def test_an_image_for_another_processor_is_refused(docker: Docker):
    """The platforms of the image and of the daemon are both named."""
    docker.published["web:1"] = (DIGEST, ["linux/arm64", "linux/s390x"])
    with pytest.raises(Refused) as raised:
        pin("web:1", [HERE], {})
    assert str(raised.value) == (
        "image web:1: is for linux/arm64, linux/s390x, Docker daemon here is linux/amd64\n"
        "fix: build it for linux/amd64: a container shares its host's kernel and processor"
    )


def test_every_daemon_is_asked_for_its_processor(docker: Docker):
    """The second of two has another one."""
    docker.published["web:1"] = (DIGEST, [AMD])
    docker.platforms["there"] = "linux/arm64"
    with pytest.raises(Refused, match="Docker daemon there is linux/arm64"):
        pin("web:1", [HERE, THERE], {})


def test_an_image_for_several_processors_fits_each(docker: Docker):
    """One digest may stand for a list of images."""
    docker.published["web:1"] = (DIGEST, ["linux/arm64", AMD])
    docker.platforms["there"] = "linux/arm64"
    assert f"web@{DIGEST}" == pin("web:1", [HERE, THERE], {})


def test_a_name_that_nobody_knows_is_told(docker: Docker):
    """Who was asked, what was answered, and how to see it."""
    with pytest.raises(OutOfReach) as raised:
        pin("web:1", [HERE], {})
    assert str(raised.value) == (
        "image web:1: cannot be resolved by Docker daemon here: manifest unknown\n"
        "fix: see that the name is right and that the registry answers: "
        "docker --host unix:///var/run/docker.sock pull web:1"
    )


def test_a_registry_that_is_down_offers_what_the_name_meant_last(docker: Docker):
    """The remembered pin is offered, never taken: the tag may mean something else by now."""
    docker.has("here", "web:1", f"web@{DIGEST}")
    docker.refusal = "dial tcp 10.0.0.9:443: connect: connection refused"
    with pytest.raises(OutOfReach) as raised:
        pin("web:1", [HERE], {"web:1": f"web@{DIGEST}"})
    assert "connection refused" in str(raised.value)
    assert f"or run what this name meant last: image: web@{DIGEST}" in str(raised.value)
