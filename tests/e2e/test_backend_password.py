"""A state in PostgreSQL behind a password: the engine has it, and neither says it nor writes it down."""

import contextlib
import time
from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from lab.postgres import Postgres, postgres
from tests.e2e.estate import Stack
from tests.e2e.evidence import engine_logs
from tests.e2e.hunt import Hunt, unpacked

pytestmark = pytest.mark.e2e


@pytest.fixture
def server() -> Iterator[Postgres]:
    with postgres() as made:
        yield made


def test_the_password_of_a_backend_is_used_and_not_shown(stack: Stack, server: Postgres) -> None:
    """Whatever signs it has; a wrong one, and a server that is gone, end with 13 and without it."""
    began, secret = time.time(), Hunt()
    right, wrong = secret.plant("right", "signs"), secret.plant("wrong", "quotes")
    ask_for(right, server)
    with at(stack, server, None, PGPASSWORD=right):
        assert stack.pulumi("stack", "init", "test").code == 0
    with at(stack, server, right):
        assert stack.rehouse_json("status")["live"] == []
    with at(stack, server, wrong):
        refused = stack.rehouse("deploy")
    server.stop()
    with at(stack, server, right):
        gone = stack.rehouse("deploy")
    assert (refused.returncode, gone.returncode) == (13, 13)
    logs = engine_logs(stack, began)
    assert f"127.0.0.1:{server.port}".encode() in b"".join(map(unpacked, logs.values()))
    said = f"{refused.stdout}{refused.stderr}{gone.stdout}{gone.stderr}"
    assert secret.found({"said": said.encode(), **logs}) == []


def ask_for(password: str, server: Postgres) -> None:
    """From now on everybody, in the way that is PostgreSQL's default."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        set_ = sql.SQL("ALTER USER postgres PASSWORD {}").format(sql.Literal(password))
        connection.execute(set_)
        rules = server.folder / "data" / "pg_hba.conf"
        rules.write_text("host all all all scram-sha-256\n")
        connection.execute("SELECT pg_reload_conf()")


@contextlib.contextmanager
def at(stack: Stack, server: Postgres, password: str | None, **variables: str) -> Iterator[None]:
    """The state is there meanwhile, reached with that password in its address."""
    before = dict(stack.variables)
    word = "" if password is None else f":{quote(password, safe='')}"
    address = server.url().replace("@", f"{word}@", 1)
    stack.variables |= {"PULUMI_BACKEND_URL": address, **variables}
    try:
        yield
    finally:
        stack.variables = before
