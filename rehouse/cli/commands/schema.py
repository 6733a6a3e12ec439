"""schema: what editors need to know about a spec."""

import json

import rich_click as click

from rehouse.cli.options import JSON
from rehouse.cli.output import print_json
from rehouse.components.spec import json_schema


@click.command("schema")
@JSON
def command(as_json: bool) -> None:
    """The JSON Schema of a spec, with descriptions, defaults and examples, for editors.

    \b
    Example:  rehouse schema > spec.schema.json
    """
    if as_json:
        print_json("schema", schema=json.loads(json_schema()))
    else:
        click.echo(json_schema(), nl=False)
