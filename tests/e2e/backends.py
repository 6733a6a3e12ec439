"""States in PostgreSQL, and states that somebody changed past the engine."""

import secrets

import psycopg

from lab.postgres import Postgres
from tests.e2e.estate import Stack

_OVERWRITE = """UPDATE pulumi_state
    SET data = jsonb_build_object('data', translate(encode(%s, 'base64'), E'\\n', ''))
    WHERE key LIKE %s"""


def database(server: Postgres) -> str:
    """The url of an empty one."""
    name = f"state_{secrets.token_hex(4)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.url(name)


def overwrite(stack: Stack, key: str, content: bytes) -> None:
    """What the engine keeps under this key."""
    if stack.state.startswith("file:"):
        (stack.folder / "state" / key).write_bytes(content)
        return
    with psycopg.connect(stack.state) as connection:
        assert connection.execute(_OVERWRITE, (content, f"%/{key}")).rowcount == 1
