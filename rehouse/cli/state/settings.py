"""The settings of a stack as a file: whether it is YAML, and whether it has the salt of a passphrase."""

from pathlib import Path

from rehouse.cli.project import FILE
from rehouse.components.errors import Wrong

SALT = "encryptionsalt:"  # the engine writes it when it makes a stack
BELOW_SALT = "; keys of config: belong into its block, above encryptionsalt"


def settings_of_stack(folder: Path, stack: str) -> Path:
    return folder / f"Pulumi.{stack.rpartition('/')[2]}.yaml"


def is_salted(settings: Path) -> bool:
    return settings.exists() and SALT in settings.read_text()


def not_yaml(folder: Path, stack: str | None) -> Wrong | None:
    """What is wrong with the files of project and stack, with the line; None where they are YAML, or not there."""
    files = [folder / FILE, *([settings_of_stack(folder, stack)] if stack else [])]
    return next(filter(None, map(_invalid, files)), None)


def _invalid(file: Path) -> Wrong | None:
    from ruamel.yaml import YAML  # large, and only what has failed needs it
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    text = file.read_text(errors="replace") if file.exists() else ""
    try:
        YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line if mark else 0
        what = f"is not valid YAML: {' '.join(str(error.problem or error.context).split())}"
        return Wrong(f"{file.name}:{line + 1}", what, _fix(text.splitlines()[: line + 1]))
    except YAMLError as error:
        return Wrong(file.name, f"is not valid YAML: {' '.join(str(error).split())}", _fix([]))
    return None


def _fix(lines: list[str]) -> str:
    """The engine writes its salt last, and whoever goes on below it is in no block."""
    return f"mend that line{BELOW_SALT if any(each.startswith(SALT) for each in lines) else ''}"
