"""completion: what a shell needs to complete verbs and options."""

import rich_click as click
from click.shell_completion import get_completion_class

from rehouse.cli.options import JSON
from rehouse.cli.output import print_json


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@JSON
@click.pass_context
def command(context: click.Context, shell: str, as_json: bool) -> None:
    """A script for SHELL that completes verbs and options.

    \b
    Example:  rehouse completion bash > ~/.local/share/bash-completion/completions/rehouse
    """
    completion = get_completion_class(shell)
    assert completion, "click knows each of the choices"
    script = completion(context.find_root().command, {}, "rehouse", "_REHOUSE_COMPLETE").source()
    if as_json:
        print_json("completion", shell=shell, script=script)
    else:
        click.echo(script)
