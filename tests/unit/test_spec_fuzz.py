"""Whatever a file holds, reading it gives a spec or one of our own errors."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rehouse.components.spec as spec_module
from rehouse.components.errors import Wrong
from rehouse.components.reading import read_text
from rehouse.components.spec import ServiceSpec

REFERENCE = Path(spec_module.__file__).with_name("reference.yaml").read_text()
PIECES = [
    *("&a ", "*a", "!!int ", "!x ", "? ", ": ", "- ", "[", "]", "{", "}", "<<: *a", "|\n", ">-\n"),
    *("\t", "\n", "\r", "  ", "#", '"', "'", "%YAML 1.1\n", "---\n", "...\n", "\u2028", "\ufeff"),
    *("\x00", "\ud800", "\U0001f600", "1e999", ".nan", "0o9", "-0", "~", "null", "true", "{{}}"),
]
KEYS = sorted({*ServiceSpec.model_fields, "http", "tcp", "exec", "within", "memory", "grace", "x"})

quick = settings(deadline=None, max_examples=150)
words = st.sampled_from(PIECES) | st.text(max_size=8)


@quick
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
@example(b"\xff\xfe")
@example(b"? \n? ")
@example(b"- &a [*a]")
def test_any_bytes_give_a_spec_or_our_error(raw: bytes):
    """Bytes without any sense are refused, and never with a bug."""
    assert is_read_or_refused(raw)


@quick
@given(st.lists(words, max_size=60).map("".join))
def test_any_pieces_of_yaml_give_a_spec_or_our_error(text: str):
    """The signs of YAML in any order are refused or read, and never with a bug."""
    assert is_read_or_refused(text.encode("utf-8", "surrogatepass"))


@quick
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | words,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(KEYS) | words, inner, max_size=6)
        ),
        max_leaves=25,
    )
)
@example({"service": "{}", "env": {"{value}": "{"}})
def test_any_structure_gives_a_spec_or_our_error(data: Any):
    """Known keys with any values are refused or read, and never with a bug."""
    assert is_read_or_refused(json.dumps(data).encode())


@quick
@given(st.data())
def test_a_broken_reference_gives_a_spec_or_our_error(data: st.DataObject):
    """The reference with a few places overwritten is refused or read, and never with a bug."""
    text = REFERENCE
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(begin, min(begin + 12, len(text))))
        text = text[:begin] + data.draw(words) + text[end:]
    assert is_read_or_refused(text.encode("utf-8", "surrogatepass"))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "document",
    [
        "a: &a x\n" + "b: [" + "*a," * 20_000 + "]",
        "service: " + "a-" * 30_000,
        "image: " + "a." * 30_000,
        "port: " + "1" * 60_000 + "x",
        "env: {" + "a: {" * 10_000,
        "".join(f"k{number}: &k{number} 1\n" for number in range(4_000)),
        "x: " + "'" * 60_000,
        "? " * 20_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_costly_document_ends(document: str):
    """What makes other readers slow ends in our error."""
    with pytest.raises(Wrong):
        read_text(document.encode(), "web.yaml", ServiceSpec)


durations = st.integers(1, 3_600).map(lambda n: f"{n}s") | st.integers(100, 60_000).map(
    lambda n: f"{n}ms"
)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True)
values = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
kinds = st.sampled_from([{}, {"http": "/well"}, {"tcp": True}, {"exec": ["/bin/true"]}])
specs = st.fixed_dictionaries(
    {
        "service": st.from_regex(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True),
        "image": st.sampled_from(["web", "web:1", "r.example:5000/a/b@sha256:" + "0" * 64]),
        "port": st.integers(1, 65_535),
    },
    optional={
        "replicas": st.integers(1, 100),
        "command": st.lists(values, min_size=1, max_size=3),
        "env": st.dictionaries(names.filter(lambda n: not n.startswith("REHOUSE_")), values),
        "secrets": st.lists(names, unique=True, max_size=3),
        "health": st.builds(lambda kind, within: {**kind, "within": within}, kinds, durations),
        "resources": st.fixed_dictionaries(
            {"cpus": st.floats(0.01, 512), "memory": st.integers(6, 4096).map("{}MiB".format)}
        ),
        "stop": st.fixed_dictionaries({"grace": st.integers(1, 3_600).map("{}000ms".format)}),
        "rollout": st.fixed_dictionaries({"drain": durations}),
    },
)


@quick
@given(specs)
def test_a_spec_survives_json(data: dict[str, Any]):
    """What is written as JSON is read as the same spec, with the same identity."""
    spec = ServiceSpec.model_validate_json(json.dumps(data))
    again = ServiceSpec.model_validate_json(spec.model_dump_json())
    assert (spec, spec.identity()) == (again, again.identity())


@quick
@given(st.integers(1, 3_600))
@example(30)
def test_the_unit_of_a_duration_does_not_matter(number: int):
    """Seconds and as many thousand milliseconds are one duration, everywhere."""
    assert health(f"{number}s") == health(f"{number}000ms")
    assert health(f"{number}s").identity() == health(f"{number}000ms").identity()


def health(within: str) -> ServiceSpec:
    document = f"service: web\nimage: web\nport: 80\nhealth: {{within: {within}}}"
    return read_text(document.encode(), "web.yaml", ServiceSpec)


def is_read_or_refused(raw: bytes) -> bool:
    try:
        spec = read_text(raw, "web.yaml", ServiceSpec)
    except Wrong as wrong:
        return str(wrong).startswith("web.yaml") and "\nfix: " in str(wrong)
    return isinstance(spec, ServiceSpec)
