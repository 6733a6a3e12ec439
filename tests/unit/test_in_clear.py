"""Secrets in clear in a stack's configuration: refused before an update records them."""

# ruff: noqa: SIM300

from pathlib import Path

import pytest

from rehouse.cli.state.in_clear import must_not_be_recorded
from rehouse.components.errors import Wrong

CLEAR = "config:\n  shop:secrets:\n    TOKEN: hunter2\n    KEPT: {secure: v1:abc}\n"
ENTIRE = "config:\n  shop:secrets: {secure: v1:abc}\n  aws:secrets: {region: here}\n"
TEXT = """config: {'shop:secrets': '{"TOKEN": "hunter2"}'}"""
SAFE = "config:\n  shop:secrets:\n    KEPT: {secure: v1:abc}\n    FOUND: {env: FOUND}\n"


@pytest.fixture(autouse=True)
def project(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")


@pytest.mark.parametrize("written", [CLEAR, TEXT])
def test_a_value_in_clear_is_refused_by_its_place(tmp_path: Path, written: str):
    """Also beside encrypted ones, and in a text; the value itself is not told."""
    (tmp_path / "Pulumi.prod.yaml").write_text(written)
    with pytest.raises(Wrong) as raised:
        must_not_be_recorded(tmp_path, lambda: "acme/prod")
    assert "Pulumi.prod.yaml, secrets.TOKEN" == raised.value.where
    assert "pulumi config set --secret --path 'secrets.TOKEN'" in raised.value.fix
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("written", [SAFE, ENTIRE])
def test_what_is_encrypted_or_has_a_source_may_be_recorded(tmp_path: Path, written: str):
    """And what another stack, or another program's key has in clear is not this one's."""
    (tmp_path / "Pulumi.prod.yaml").write_text(written)
    (tmp_path / "Pulumi.dev.yaml").write_text(CLEAR)
    must_not_be_recorded(tmp_path, lambda: "prod")


def test_where_there_is_no_secret_nobody_is_asked(tmp_path: Path):
    """To ask which stack it is takes a process of the engine."""
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {shop:spec: web.yaml}\n")
    must_not_be_recorded(tmp_path, lambda: pytest.fail("asked"))
