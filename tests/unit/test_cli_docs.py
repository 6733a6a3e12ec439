"""What the documents say of the verbs is complete."""

# ruff: noqa: SIM300

import re
from pathlib import Path

from rehouse.cli import commands
from rehouse.cli.main import VERBS
from rehouse.components import errors

CHECKOUT = Path(__file__).parents[2]
FOLDER = Path(commands.__file__).parent


def test_the_readme_lists_every_verb():
    """The table of the README has every verb, each once, and no other."""
    listed = re.findall(r"^\| `rehouse ([a-z-]+)`", (CHECKOUT / "README.md").read_text(), re.M)
    assert sorted(verb.rstrip("_") for verb in VERBS) == sorted(listed)


def test_every_json_output_is_documented():
    """A verb with --json has its keys in docs/reference/json.md."""
    text = (CHECKOUT / "docs/reference/json.md").read_text()
    headings = ", ".join(re.findall(r"^## (.*)$", text, re.M)).split(", ")
    with_json = [verb for verb in VERBS if "\n@JSON\n" in (FOLDER / f"{verb}.py").read_text()]
    assert [] == [verb for verb in with_json if verb.rstrip("_") not in headings]


def test_every_exit_code_is_documented():
    """Each error's exit code is in docs/reference/exit-codes.md."""
    text = (CHECKOUT / "docs/reference/exit-codes.md").read_text()
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    codes = {each.exit_code for each in kinds if issubclass(each, errors.RehouseError)}
    assert set() == {code for code in codes if f"\n| {code} |" not in text}
