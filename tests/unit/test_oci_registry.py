"""A registry is asked as the distribution specification says, shows what it wants to see, and is not believed."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehouse.components.errors import OutOfReach, Refused, RehouseError
from rehouse.oci.blobs import unpack
from rehouse.oci.faults import Malformed, Unfaithful
from rehouse.oci.registry import Registry
from tests.unit.oci_images import FakeRegistry, Item, layer, serving

LAYERS = (layer(Item("a", b"1")), layer(Item("b", b"2")))
BASIC = "Basic " + base64.b64encode(b"ops:hunter2").decode()


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with serving(FakeRegistry()) as fake:
        fake.push("1", *LAYERS, User="web")
        yield fake


@pytest.fixture(autouse=True)
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's configuration: nobody has logged in anywhere."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def pulled(fake: FakeRegistry, name: str = "web:1", folder: Path | None = None) -> list[bytes]:
    """Its layers as they are in the registry."""
    with Registry().find(f"{fake.address}/{name}", "amd64") as found:
        brought = found.bring(Path("/nowhere"))
        contents = []
        for opened in brought.layers:
            with opened() as blob:
                content = b"".join(iter(blob.read, b""))
                blob.finish()
                contents.append(content)
        return contents


def logged_in(folder: Path, entry: dict[str, str], address: str) -> None:
    (folder / "config.json").write_text(json.dumps({"auths": {address: entry}}))


def ops() -> dict[str, str]:
    return {"auth": base64.b64encode(b"ops:hunter2").decode()}


def test_by_tag_by_digest_and_for_this_machine_among_others(registry: FakeRegistry) -> None:
    """All three are the same image, and its digests are those it was found by."""
    one = registry.push("1", *LAYERS, User="web")
    other = registry.push("other", *LAYERS, architecture="arm64")
    listed = registry.index("all", (other, "arm64"), (one, "amd64"))
    digests = []
    for name in ("web:1", f"web@{one}", "web:all"):
        with Registry().find(f"{registry.address}/{name}", "amd64") as found:
            digests.append((found.image_id, found.digests))
    image_id = digests[0][0]
    assert digests == [
        (image_id, (one,)),
        (image_id, (one,)),
        (image_id, tuple(sorted((one, listed)))),
    ]


def test_layers_are_what_was_pushed(registry: FakeRegistry, tmp_path: Path) -> None:
    with Registry().find(f"{registry.address}/web:1", "amd64") as found:
        brought = found.bring(tmp_path)
        for number, opened in enumerate(brought.layers):
            with opened() as blob:
                unpack(
                    blob,
                    brought.config["rootfs"]["diff_ids"][number],
                    tmp_path / str(number),
                    1 << 20,
                )
    assert [(tmp_path / str(number)).read_bytes() for number in range(2)] == list(LAYERS)


def test_lists_for_other_machines_are_refused(registry: FakeRegistry) -> None:
    registry.index("arm", (registry.push("x", *LAYERS), "arm64"))
    with pytest.raises(Refused):
        pulled(registry, "web:arm")


def test_lists_of_lists_end(registry: FakeRegistry) -> None:
    name = registry.push("1", *LAYERS)
    for number in range(5):
        name = registry.index(str(number), (name, "amd64"))
    with pytest.raises(Malformed, match="lists of lists"):
        pulled(registry, f"web@{name}")


def test_a_manifest_that_is_not_what_its_digest_says_is_not_believed(
    registry: FakeRegistry,
) -> None:
    name = registry.push("1", *LAYERS)
    registry.damaged[name] = registry.manifests[name][1] + b" "
    with pytest.raises(Unfaithful):
        pulled(registry, f"web@{name}")


@pytest.mark.parametrize(
    "change", [lambda blob: blob[:-1] + b"?", lambda blob: blob[:-1], lambda blob: blob + b"x"]
)
def test_blobs_that_are_not_what_their_digests_say_are_not_believed(
    registry: FakeRegistry, change
) -> None:
    """The configuration as little as a layer."""
    for name, content in list(registry.blobs.items()):
        registry.damaged = {name: change(content)}
        with pytest.raises(Unfaithful):
            pulled(registry)


def test_a_connection_that_breaks_off_is_out_of_reach(registry: FakeRegistry) -> None:
    """Not the end of the layer."""
    name = list(registry.blobs)[-1]
    registry.cut[name] = 20
    with pytest.raises(OutOfReach, match=f"registry {registry.address}: does not answer"):
        pulled(registry)


def test_a_registry_that_is_down_is_out_of_reach() -> None:
    with serving(FakeRegistry()) as gone:
        pass
    with pytest.raises(OutOfReach, match="refused") as caught:
        pulled(gone)
    assert (caught.value.exit_code, caught.value.where) == (13, f"registry {gone.address}")


def test_an_image_that_is_not_there_is_told_in_the_registry_s_words(registry: FakeRegistry) -> None:
    with pytest.raises(OutOfReach, match="answers 404 to web/manifests/2: manifest unknown"):
        pulled(registry, "web:2")


# --- logins ------------------------------------------------------------------------------------------------


def test_a_password_is_shown_where_it_is_wanted(registry: FakeRegistry, docker: Path) -> None:
    registry.login, registry.challenge = BASIC, 'Basic realm="x"'
    logged_in(docker, ops(), registry.address)
    assert len(pulled(registry)) == 2


def test_a_token_is_fetched_as_whoever_is_logged_in(registry: FakeRegistry, docker: Path) -> None:
    ask_for_tokens(registry)
    logged_in(docker, ops(), registry.address)
    assert len(pulled(registry)) == 2
    assert registry.tokens == [("GET", "service=r&scope=repository%3Aweb%3Apull", BASIC)]


def test_a_token_is_fetched_as_nobody_where_nobody_is_logged_in(
    registry: FakeRegistry, docker: Path
) -> None:
    """Not as somebody of whom curl and others keep a password."""
    ask_for_tokens(registry)
    (docker / ".netrc").write_text("machine 127.0.0.1 login ops password hunter2\n")
    (docker / ".netrc").chmod(0o600)
    assert len(pulled(registry)) == 2
    assert registry.tokens == [("GET", "service=r&scope=repository%3Aweb%3Apull", "")]


def test_an_identity_token_buys_a_token(registry: FakeRegistry, docker: Path) -> None:
    ask_for_tokens(registry)
    registry.token_answer = (200, {"access_token": "t0ken"})
    logged_in(docker, {"identitytoken": "ref/resh"}, registry.address)
    assert len(pulled(registry)) == 2
    ((method, form, _),) = registry.tokens
    assert method == "POST"
    assert "grant_type=refresh_token&refresh_token=ref%2Fresh&client_id=rehouse" in form


def test_a_token_that_ran_out_is_fetched_again(registry: FakeRegistry) -> None:
    ask_for_tokens(registry)
    with Registry().find(f"{registry.address}/web:1", "amd64") as found:
        registry.login, registry.token_answer = "Bearer second", (200, {"token": "second"})
        found.bring(Path("/nowhere"))
    assert len(registry.tokens) == 2


@pytest.mark.parametrize(
    ("challenge", "status"),
    [
        ('Basic realm="x"', 200),
        ("", 200),
        ("Negotiate", 200),
        ('Bearer realm="http://tokens.example.com/",service="r"', 200),
        ("Bearer", 200),
        ("Bearer realm={here}/token", 401),
        ("Bearer realm={here}/token", 500),
    ],
)
def test_who_is_not_let_in_is_told_what_to_do(
    registry: FakeRegistry, challenge: str, status: int
) -> None:
    """Also where the registry sends us elsewhere without TLS: no password goes there."""
    registry.login, registry.challenge = (
        "Bearer never",
        challenge.format(here=f"http://{registry.address}"),
    )
    registry.token_answer = (status, {})
    with pytest.raises(OutOfReach) as caught:
        pulled(registry)
    assert caught.value.where == f"registry {registry.address}"
    assert ("docker login" in caught.value.fix) == (status != 500)


def test_a_password_that_is_refused_is_not_quoted(registry: FakeRegistry, docker: Path) -> None:
    registry.login, registry.challenge = "Basic other", 'Basic realm="x"'
    logged_in(docker, ops(), registry.address)
    with pytest.raises(RehouseError, match="docker login") as caught:
        pulled(registry)
    assert "hunter2" not in str(caught.value)
    assert "aHVudGVyMg" not in str(caught.value)


def test_where_blobs_are_kept_elsewhere_nobody_there_sees_the_login(
    registry: FakeRegistry, docker: Path
) -> None:
    """As with registries whose blobs are in a bucket."""
    registry.login, registry.challenge = BASIC, 'Basic realm="x"'
    logged_in(docker, ops(), registry.address)
    with serving(FakeRegistry()) as bucket:
        bucket.blobs = registry.blobs
        registry.elsewhere = bucket.address.replace("127.0.0.1", "localhost")
        assert len(pulled(registry)) == 2
        assert {shown for _, shown in bucket.seen} == {None}


def ask_for_tokens(registry: FakeRegistry) -> None:
    registry.login = "Bearer t0ken"
    registry.challenge = (
        f'Bearer realm="http://{registry.address}/token",service="r",scope="repository:web:pull"'
    )
