"""Passwords in addresses are not shown, and the rest is."""

import pytest

from rehouse.cli.state.masking import masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'unable to open "postgres://ops:hun:ter/2@x@db:5432/state?sslmode=disable": refused',
            'unable to open "postgres://ops:***@db:5432/state?sslmode=disable": refused',
        ),
        ("postgres://:hunter2@db/state", "postgres://:***@db/state"),
        ("https://ops:hunter2@a.b and S3://c:hunter2@d", "https://ops:***@a.b and S3://c:***@d"),
        (
            "s3://b?region=x&SecretKey=hunter2&sslpassword=hunter2",
            "s3://b?region=x&SecretKey=***&sslpassword=***",
        ),
        ("dial tcp 127.0.0.1:1: connect", "dial tcp 127.0.0.1:1: connect"),
        ("ssh://ops@10.0.0.5:22 is host:22/a@b", "ssh://ops@10.0.0.5:22 is host:22/a@b"),
        ("file:///srv/state?metadata=skip", "file:///srv/state?metadata=skip"),
    ],
)
def test_a_password_in_an_address_is_not_shown(text: str, expected: str):
    """User, host and the rest of it stay: they say which address is meant."""
    assert masked(text) == expected
