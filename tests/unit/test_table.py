"""What is said of a state in PostgreSQL, and how its server is asked; the server itself is in the tests end to end."""

# ruff: noqa: SIM300

import shlex
from urllib.parse import quote

import pytest
from psycopg.conninfo import conninfo_to_dict

from rehouse.cli.state.table import Table

PASSWORD = "s3cret @/:+"


@pytest.mark.parametrize(
    "address",
    [
        "postgres://ops:{}@db/s?sslmode=prefer",
        "postgres://db/s?user=ops&password={}&sslmode=prefer",
    ],
)
def test_a_command_that_is_shown_has_no_password(address: str):
    """psql asks for it; whom it asks, and how, is as in the address."""
    url = address.format(quote(PASSWORD, safe=""))
    said = Table.at(url).copying("old", "new")
    program, shown, _ = shlex.split(said)
    assert "s3cret" not in said
    assert "psql" == program
    expected = {"host": "db", "dbname": "s", "user": "ops", "sslmode": "prefer"}
    assert expected == conninfo_to_dict(shown)


@pytest.mark.parametrize("space", ["%20", "+"])
def test_the_server_is_asked_as_the_engine_would(space: str):
    """All options but the table's name, with the same values."""
    table = Table.at(f"postgres://db/s?password=a%2Bb{space}c&table=kept")
    asked = conninfo_to_dict(table.url)
    assert ("kept", "a+b c") == (table.table, asked["password"])
