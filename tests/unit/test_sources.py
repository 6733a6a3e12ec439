"""Where the configuration says that secrets come from: read strictly, and never quoted."""

# ruff: noqa: SIM300

from collections.abc import Container

import pytest

from rehouse.components.errors import Wrong
from rehouse.components.sources import Source, read_secrets

VALUE = "hunter2"
WHERE = "Pulumi.prod.yaml, secrets"
SET = "fix: pulumi config set --secret --path 'secrets.{}'"


def test_values_and_sources_stand_side_by_side():
    """A text is the value; env and command say where it is."""
    data = {"A": VALUE, "B": {"env": "VAR"}, "C": {"command": ["op", "read", "x"], "within": "2s"}}
    expected = {
        "A": VALUE,
        "B": Source(env="VAR"),
        "C": Source.model_validate({"command": ("op", "read", "x"), "within": "2s"}),
    }
    assert expected == read_secrets(data, WHERE, clear=())


def test_no_secrets_are_no_secrets():
    """A stack may have none."""
    assert {} == read_secrets(None, WHERE, clear={"B"})


def test_sources_need_no_encryption():
    """They say only where the value is."""
    data = {"B": {"env": "VAR"}}
    assert {"B": Source(env="VAR")} == read_secrets(data, WHERE, clear={"B"})


@pytest.mark.parametrize(
    ("data", "clear", "expected"),
    [
        (
            {"A": VALUE},
            {"A"},
            (
                f"{WHERE}.A: is in clear: the state would keep it so, with the configuration of each "
                f"update\n{SET.format('A')}"
            ),
        ),
        (VALUE, (), f"{WHERE}: must be names with values, not text\n{SET.format('NAME')}"),
        (
            {"A": 12345},
            (),
            f"{WHERE}.A: must be text, or have env or command, not a number\n{SET.format('A')}",
        ),
        (
            {"A": None},
            (),
            f"{WHERE}.A: must be text, or have env or command, not nothing\n{SET.format('A')}",
        ),
        (
            {"A": {"env": "hunter2!"}},
            (),
            (
                f'{WHERE}.A: env: has the wrong form: "(not shown)"\n'
                'fix: Environment variable that has the value, for example "DB_PASSWORD"'
            ),
        ),
        (
            {"A": {"command": VALUE}},
            (),
            (
                f'{WHERE}.A: command: must be a list, not "(not shown)"\n'
                "fix: Command that prints the value, as a list of words; no shell reads it, "
                'for example ["op", "read", "op://prod/db/password"]'
            ),
        ),
        (
            {"A": {"environment": VALUE}},
            (),
            f"{WHERE}.A: environment: unknown key\nfix: allowed here: command, env, within",
        ),
        (
            {"A": {"env": "VAR", "command": ["x"]}},
            (),
            (
                f"{WHERE}.A: the document: must have either env or command, not "
                '{"env": "(not shown)", "command": ["(not shown)"]}\nfix: write lines like \'key: value\''
            ),
        ),
    ],
)
def test_what_is_wrong_is_said_without_the_value(
    data: object, clear: Container[str], expected: str
):
    """Place, what is wrong and the way out; what stands there may be a secret."""
    with pytest.raises(Wrong) as caught:
        read_secrets(data, WHERE, clear)
    assert expected == str(caught.value)
    assert VALUE not in str(caught.value)
