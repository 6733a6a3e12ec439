"""The hunt for secrets can fail: whatever is planted is found, in every form, and nothing else is."""

import pytest

from tests.e2e.hunt import KINDS, Hunt, disguised


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", [b"", b"x", b"xy", b'{"key": "'])
def test_a_leak_is_found_in_every_form(kind: str, before: bytes):
    """Wherever it stands in what was seen, whole or half."""
    hunt = Hunt()
    for name in range(20):
        value = hunt.plant(f"{name}", kind)
        for form, leak in disguised(value).items():
            seen = leak if form == "gzip" else before + leak + b'"}'
            assert hunt.found({"place": seen}), (form, value)


def test_what_is_no_leak_is_not_found():
    """Other secrets, and nothing at all."""
    hunt = Hunt()
    hunt.plant("ours")
    others = b"".join(disguised(Hunt().plant("theirs")).values())
    assert (
        hunt.found({"theirs": others, "nothing": b"", "state": b'{"ciphertext": "v1:abc"}'}) == []
    )


def test_it_says_where():
    """Place and form."""
    hunt = Hunt()
    value = hunt.plant("ours")
    [found] = hunt.found({"log": b"1", "state": value.encode().hex().encode()})
    assert found.startswith("state (hex): ")
