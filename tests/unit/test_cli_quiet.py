"""What the engine is not given, so that it cannot write it down."""

import pytest

from rehouse.cli.quiet import BACKEND, LOUD, PASSWORD, quiet


@pytest.mark.parametrize(
    ("address", "expected", "password"),
    [
        ("postgres://ops:p%2Fa%40s%3As@db:5432/s?x=y", "postgres://ops@db:5432/s?x=y", "p/a@s:s"),
        ("postgresql://ops:a:b@db", "postgresql://ops@db", "a:b"),
        ("postgres://ops:@db/s", "postgres://ops@db/s", ""),
        ("postgres://ops@db/s", "postgres://ops@db/s", None),
        ("postgres://db/s", "postgres://db/s", None),
        (
            "postgres://db/s?user=o&password=p%2Fa%40+s&table=t",
            "postgres://db/s?user=o&table=t",
            "p/a@ s",
        ),
        ("postgres://db?%70assword=a:b@c", "postgres://db", "a:b@c"),
        ("postgres://ops:a@db/s?password=b", "postgres://ops@db/s", "b"),
        ("postgres://ops:a@db/s?password=&x=y", "postgres://ops@db/s?x=y", "a"),
        ("postgres://ops:a?b#c@db/s?x=y", "postgres://ops@db/s?x=y", "a?b#c"),
        ("POSTGRES://ops:a@db/s", "POSTGRES://ops@db/s", "a"),
        ("file:///srv/s?password=x", "file:///srv/s?password=x", None),
        ("file:///srv/a:b@c?metadata=skip", "file:///srv/a:b@c?metadata=skip", None),
        ("https://ops:x@example.com", "https://ops:x@example.com", None),
    ],
)
def test_the_password_of_a_backend_is_no_part_of_its_address(
    address: str, expected: str, password: str | None
):
    """PostgreSQL's own variable has it, as it is meant and not as an address writes it."""
    given = quiet({BACKEND: address, "HOME": "/root"})
    assert (given[BACKEND], given.get(PASSWORD), given["HOME"]) == (expected, password, "/root")


def test_a_password_that_is_given_apart_stays():
    """Only one in the address is put in its place."""
    assert quiet({BACKEND: "postgres://ops@db/s", PASSWORD: "x"})[PASSWORD] == "x"
    assert quiet({BACKEND: "postgres://ops:y@db/s", PASSWORD: "x"})[PASSWORD] == "y"


def test_nobody_makes_the_engine_loud():
    """Its logs of values are for those who run it themselves."""
    assert quiet(dict.fromkeys(LOUD, "9")) == {}
