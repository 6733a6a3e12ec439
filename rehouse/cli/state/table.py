"""A state backend in PostgreSQL: the table in which the engine keeps what it would otherwise keep in files."""

import base64
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from rehouse.cli.state.address import parted
from rehouse.cli.state.store import Kept
from rehouse.components.errors import OutOfReach

SECONDS = 10
OPTION, TABLE = (
    "table",
    "pulumi_state",
)  # the engine's: what its url calls the table, and what else it is called

_UNDER = "SELECT key, updated_at FROM {} WHERE starts_with(key, %(key)s)"
_READ = "SELECT data FROM {} WHERE key = %(key)s"
_REMOVE = "DELETE FROM {} WHERE key = %(key)s RETURNING key"
_COPY = "INSERT INTO {table} (key, data) SELECT {to}, data FROM {table} WHERE key = {key} {again}"
_AGAIN = "ON CONFLICT (key) DO UPDATE SET data = excluded.data, updated_at = now()"


@dataclass(frozen=True)
class Table:
    """Of a backend postgres://…/DATABASE; the engine puts the database's name before each key."""

    url: str
    table: str

    @classmethod
    def at(cls, url: str) -> "Table":
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        table = options.pop(OPTION, TABLE)
        query = urlencode(options, quote_via=quote)  # a + is a space for the engine alone
        return cls(urlunsplit(parts._replace(query=query)), table)

    def under(self, prefix: str) -> list[Kept]:
        rows = self._ask(_UNDER, {"key": self._before + prefix})
        return [Kept(key.removeprefix(self._before), since) for key, since in rows]

    def read(self, key: str) -> bytes | None:
        rows = self._ask(_READ, {"key": self._before + key})
        return base64.b64decode(rows[0][0]["data"]) if rows else None

    def remove(self, key: str) -> bool:
        return bool(self._ask(_REMOVE, {"key": self._before + key}))

    def copying(self, key: str, to: str) -> str:
        keys = {"key": _quoted(self._before + key), "to": _quoted(self._before + to)}
        command = _COPY.format(table=self.table, again=_AGAIN, **keys)
        return shlex.join(["psql", parted(self.url)[0], f"--command={command}"])

    @property
    def _before(self) -> str:
        path = urlsplit(self.url).path.strip("/")
        return f"{path}/" if path else ""

    def _ask(self, question: LiteralString, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Raises OutOfReach with the server's words; its address and password are not among them."""
        name = sql.Identifier(*self.table.lower().split("."))
        try:
            with psycopg.connect(self.url, connect_timeout=SECONDS) as connection:
                return connection.execute(sql.SQL(question).format(name), values).fetchall()
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            fix = "see that the server answers: psql"
            raise OutOfReach("state in PostgreSQL", reason, fix) from error


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
