"""Secrets in clear in a stack's configuration: refused before an update records them."""

# ruff: noqa: SIM300

from pathlib import Path

import pytest

from rehouse.cli.state.in_clear import must_not_be_recorded
from rehouse.components.errors import Wrong

CLEAR = "config:\n  shop:secrets:\n    TOKEN: hunter2\n    KEPT: {secure: v1:abc}\n"
SAFE = "config:\n  shop:secrets:\n    KEPT: {secure: v1:abc}\n    FOUND: {env: FOUND}\n"


def test_a_value_in_clear_is_refused_by_its_place(tmp_path: Path):
    """Also beside encrypted ones; the value itself is not told."""
    (tmp_path / "Pulumi.prod.yaml").write_text(CLEAR)
    with pytest.raises(Wrong) as raised:
        must_not_be_recorded(tmp_path, lambda: "acme/prod")
    assert "Pulumi.prod.yaml, secrets.TOKEN" == raised.value.where
    assert "pulumi config set --secret --path 'secrets.TOKEN'" in raised.value.fix
    assert "hunter2" not in str(raised.value)


def test_what_is_encrypted_or_has_a_source_may_be_recorded(tmp_path: Path):
    """And what another stack has in clear is not this one's."""
    (tmp_path / "Pulumi.prod.yaml").write_text(SAFE)
    (tmp_path / "Pulumi.dev.yaml").write_text(CLEAR)
    must_not_be_recorded(tmp_path, lambda: "prod")


def test_where_there_is_no_secret_nobody_is_asked(tmp_path: Path):
    """To ask which stack it is takes a process of the engine."""
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {shop:spec: web.yaml}\n")
    must_not_be_recorded(tmp_path, lambda: pytest.fail("asked"))
