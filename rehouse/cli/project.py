"""Which project and which stack a command is about."""

from pathlib import Path

from rehouse.components.errors import Wrong

FILE = "Pulumi.yaml"


def project_folder(start: Path) -> Path:
    """The nearest folder upwards that has a Pulumi.yaml. Raises Wrong."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FILE).exists():
            return folder
    fix = "run it inside a project, name its folder with --folder, or make one: rehouse init"
    raise Wrong(str(start), f"no {FILE} here nor in a folder above", fix)


def project_name(folder: Path) -> str:
    from ruamel.yaml import YAML  # large, and not every verb reads a file

    return str(YAML(typ="safe").load(folder / FILE)["name"])
