"""A project to start from: which files it has, and what they say."""

import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rehouse.cli.project import FILE
from rehouse.components.errors import Wrong
from rehouse.components.reading import read_text
from rehouse.components.spec import ServiceSpec

TEMPLATES = Path(__file__).with_name("templates")
STACK = "dev"
IMAGE = "registry.example.com/team/web:1.0"  # nobody has it: the first thing to change


@dataclass(frozen=True)
class Starter:
    """The files of a project, by their paths in *folder*; nothing is written yet."""

    folder: Path
    texts: dict[str, str]

    def write(self) -> None:
        """All of them, or none where one is there already. Raises Wrong."""
        self._must_be_new()
        for name, text in self.texts.items():
            _write(self.folder / name, text)

    def _must_be_new(self) -> None:
        there = [name for name in self.texts if _is_taken(self.folder / name)]
        if there:
            what = f"has already: {', '.join(there)}"
            fix = "choose an empty folder: rehouse init FOLDER"
            raise Wrong(str(self.folder), what, fix, "nothing was written")


def starter(folder: Path, service: str, image: str | None, port: int) -> Starter:
    """One service in one stack. Raises Wrong where its spec would be."""
    words = {
        "PROJECT": _project(folder) or service,
        "SERVICE": service,
        "IMAGE": image or IMAGE,
        "PORT": str(port),
        "REHOUSE": version("rehouse"),
        "PULUMI": version("pulumi"),
    }
    spec = _filled("spec.yaml", words)
    read_text(spec.encode(), f"{service}.yaml", ServiceSpec)
    texts = {
        FILE: _filled("Pulumi.yaml", words),
        f"Pulumi.{STACK}.yaml": _filled("Pulumi.dev.yaml", words),
        "__main__.py": _filled("__main__.py.txt", words),
        f"{service}.yaml": spec,
        ".gitignore": _filled("gitignore", words),
        ".github/workflows/deploy.yaml": _filled("deploy.yaml", words),
        "ci/deploy.sh": _filled("deploy.sh", words),
    }
    return Starter(folder, texts)


def steps(folder: Path, image: str | None, service: str) -> list[str]:
    """What to type next."""
    enter = [] if folder.resolve() == Path.cwd() else [f"cd {folder}"]
    edit = [] if image else [f"$EDITOR {service}.yaml  # its image"]
    return [
        *enter,
        *edit,
        "rehouse check",
        f"pulumi stack init {STACK}",
        "rehouse doctor",
        "rehouse deploy",
    ]


def _project(folder: Path) -> str:
    """What Pulumi takes for a name."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.resolve().name).strip("-.")[:100]


def _filled(template: str, words: dict[str, str]) -> str:
    text = (TEMPLATES / template).read_text()
    return re.sub(r"@([A-Z]+)@", lambda found: words[found[1]], text)


def _is_taken(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:
            file.write(text)
    except OSError as error:
        fix = "choose a folder that this user may write to"
        raise Wrong(str(path), f"cannot be written: {error.strerror}", fix) from error
