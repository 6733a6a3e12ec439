"""Where the values of secrets come from: the configuration itself, an environment variable, or a command."""

from collections.abc import Container, Mapping
from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from rehouse.components.errors import Wrong
from rehouse.components.reading import read_data
from rehouse.components.spec import Part, Text, Variable
from rehouse.components.units import Seconds

KINDS = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}


class Source(Part):
    """Exactly one of *env* and *command*; the value itself is never part of it."""

    env: Variable | None = Field(
        None, examples=["DB_PASSWORD"], description="Environment variable that has the value."
    )
    command: tuple[Text, ...] | None = Field(
        None,
        min_length=1,
        max_length=64,
        examples=[["op", "read", "op://prod/db/password"]],
        description="Command that prints the value, as a list of words; no shell reads it.",
    )
    within: Seconds = Field(
        30.0,
        ge=0.1,
        le=600,
        examples=["30s"],
        description="How long the command may take, 100ms to 10m.",
    )

    @model_validator(mode="after")
    def one_kind(self) -> Self:
        if (self.env is None) == (self.command is None):
            raise PydanticCustomError("one_kind", "must have either env or command")
        return self


Secrets = Mapping[str, str | Source]  # name to the value, or to where it is


def read_secrets(data: object, where: str, clear: Container[str]) -> dict[str, str | Source]:
    """What the configuration says; *clear* are the names whose values it does not keep encrypted.

    Raises Wrong, in which *where* is the configuration's place and no value is quoted.
    """
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise Wrong(where, f"must be names with values, not {_kind(data)}", how_to_set("NAME"))
    return {
        name: _entry(name, each, f"{where}.{name}", name in clear) for name, each in data.items()
    }


def how_to_set(name: str) -> str:
    return f"pulumi config set --secret --path 'secrets.{name}'"


def _entry(name: str, data: object, where: str, clear: bool) -> str | Source:
    if isinstance(data, dict):
        return read_data(data, Source, lambda _place: where, quote=False)
    if not isinstance(data, str):
        what = f"must be text, or have env or command, not {_kind(data)}"
        raise Wrong(where, what, how_to_set(name))
    if clear:
        raise is_in_clear(name, where)
    return data


def is_in_clear(name: str, where: str) -> Wrong:
    """The error, for whoever reads the file in which the value is."""
    what = "is in clear: the state would keep it so, with the configuration of each update"
    return Wrong(where, what, how_to_set(name))


def _kind(data: object) -> str:
    return KINDS.get(type(data), "nothing")
