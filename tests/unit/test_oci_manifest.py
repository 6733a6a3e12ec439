"""The manifest for this machine is found among those for others, and nonsense is called so."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehouse.components.errors import Refused
from rehouse.oci.config import layers_of, read_config
from rehouse.oci.faults import Malformed
from rehouse.oci.manifest import Blob, chosen, read_json, read_manifest
from tests.unit.oci_images import digest

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(digest(b"")),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["digest", "size", "platform", "os", "architecture", "variant", "config", "layers",
             "manifests", "schemaVersion", "Env", "Entrypoint", "Volumes", "rootfs", "diff_ids"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


def entry(platform: str, content: bytes) -> dict[str, object]:
    system, machine, *variant = platform.split("/")
    named = {"os": system, "architecture": machine, **({"variant": variant[0]} if variant else {})}
    return {"digest": digest(content), "size": len(content), "platform": named}


@pytest.mark.parametrize(
    ("platforms", "machine", "expected"),
    [
        (["linux/arm64/v8", "linux/amd64"], "amd64", 1),
        (["linux/amd64/v3", "linux/amd64"], "amd64", 1),
        (["linux/amd64/v3"], "amd64", 0),
        (["windows/amd64", "unknown/unknown", "linux/arm64/v8"], "arm64", 2),
    ],
)
def test_linux_for_this_processor_is_chosen(
    platforms: list[str], machine: str, expected: int
) -> None:
    index = {
        "manifests": [entry(each, str(number).encode()) for number, each in enumerate(platforms)]
    }
    assert chosen("web", index, machine) == Blob(digest(str(expected).encode()), 1)


def test_an_image_for_other_machines_is_refused_with_those_it_is_for() -> None:
    index = {
        "manifests": [
            entry("linux/arm64/v8", b""),
            entry("windows/amd64", b""),
            entry("unknown/unknown", b""),
        ]
    }
    with pytest.raises(
        Refused, match="image web: is for linux/arm64, windows/amd64, not for linux/amd64"
    ):
        chosen("web", index, "amd64")


@given(VALUES)
def test_nonsense_is_malformed_and_nothing_else(value: object) -> None:
    raw = value if isinstance(value, dict) else {"config": value}
    for read in (read_manifest, read_config, layers_of, lambda raw: chosen("web", raw, "amd64")):
        with suppress(Malformed, Refused):
            read({"schemaVersion": 2, "os": "linux", "architecture": "amd64", **raw})


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b"[" * 100_000, b'"' + b"x" * 10])
def test_what_is_no_object_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read_json(raw)


@pytest.mark.parametrize(
    "name", ["sha256:../../x", "sha256:" + "A" * 64, "md5:" + "0" * 32, "sha256:" + "0" * 63]
)
def test_a_digest_is_one_before_it_becomes_part_of_an_address(name: str) -> None:
    blob = {"digest": name, "size": 1}
    with pytest.raises(Malformed):
        read_manifest({"schemaVersion": 2, "config": blob, "layers": []})


def test_the_old_form_of_manifests_is_refused_by_name() -> None:
    with pytest.raises(Malformed, match="newer Docker"):
        read_manifest({"schemaVersion": 1, "fsLayers": []})


def test_what_the_maker_wrote_down_is_kept() -> None:
    said = {
        "Entrypoint": ["/web"],
        "Cmd": ["-v"],
        "Env": ["A=1", "B=x=y", "EMPTY=", "none"],
        "User": "web",
        "WorkingDir": "/srv",
        "StopSignal": "SIGQUIT",
        "Volumes": {"/data": {}},
    }
    read = read_config(
        json.loads(json.dumps({"os": "linux", "architecture": "amd64", "config": said}))
    )
    assert read.model_dump() == {
        "platform": "linux/amd64",
        "entrypoint": ("/web",),
        "cmd": ("-v",),
        "env": {"A": "1", "B": "x=y", "EMPTY": ""},
        "user": "web",
        "workdir": "/srv",
        "stop_signal": "SIGQUIT",
        "volumes": ("/data",),
    }


@pytest.mark.parametrize("said", [{}, None])
def test_what_the_maker_left_out_is_as_in_docker(said: object) -> None:
    read = read_config({"os": "linux", "architecture": "amd64", "config": said})
    assert (read.entrypoint, read.user, read.workdir, read.stop_signal) == ((), "", "/", "SIGTERM")
