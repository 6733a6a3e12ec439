"""Which files are specs, and whether they are right: reading only, no engine and no daemon."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rehouse.cli.project import FILE, project_folder
from rehouse.components.errors import Wrong
from rehouse.components.spec import ServiceSpec, read_spec
from rehouse.components.tree import Tree

KEY = ":spec"  # the end of the configuration key that names the spec of a stack


@dataclass(frozen=True)
class Checked:
    """One file: the service that it declares, or what is wrong with it."""

    file: Path
    spec: ServiceSpec | None
    error: Wrong | None


def check(files: Iterable[Path]) -> list[Checked]:
    """Every file is read, however wrong those before it are."""
    return [_checked(file) for file in files]


def must_be_right(checked: list[Checked]) -> None:
    """Raises Wrong, with all that is wrong in all files."""
    wrong = [each.error for each in checked if each.error]
    if wrong:
        first, *others = wrong
        raise Wrong(first.where, first.what, "\n".join([first.fix, *map(str, others)]))


def specs_of_project(start: Path) -> list[Path]:
    """The specs that the stacks of the project name, each once. Raises Wrong where they name none."""
    folder = project_folder(start)
    project = _mapping(folder / FILE)
    program = folder / str(project.get("main") or "")
    beside = program.parent if program.is_file() else program
    named = dict.fromkeys(name for each in settings_of(folder) for name in _specs_in(each))
    if not named:
        what = f"no Pulumi.STACK.yaml here has a key like shop{KEY}"
        raise Wrong(str(folder), what, "name the files: rehouse check web.yaml")
    return [_short(beside / name) for name in named]


def settings_of(project: Path) -> list[Path]:
    """The file of each stack. Raises Wrong where the project's own cannot be read."""
    folder = _mapping(project / FILE).get("stackConfigDir")
    return sorted((project / str(folder or "")).glob("Pulumi.*.yaml"))


def _checked(file: Path) -> Checked:
    try:
        return Checked(file, read_spec(file), None)
    except Wrong as error:
        return Checked(file, None, error)


def _specs_in(settings: Path) -> list[str]:
    config = _mapping(settings).get("config")
    pairs = config.items() if isinstance(config, dict) else ()
    return [name for key, name in pairs if key.endswith(KEY) and isinstance(name, str)]


def _mapping(file: Path) -> dict[str, object]:
    try:
        data = Tree(file.read_bytes(), str(file)).data
    except OSError as error:
        raise Wrong(str(file), f"cannot be read: {error.strerror}", "make it readable") from error
    return data if isinstance(data, dict) else {}


def _short(file: Path) -> Path:
    """As one would type it here."""
    here = Path.cwd()
    whole = file.resolve()
    return whole.relative_to(here) if whole.is_relative_to(here) else file
