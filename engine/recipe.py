"""What is built, from which Go module, with which flags; its digest names the result."""

import hashlib
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import versions

SOURCES = Path(__file__).parent
SDK = "github.com/pulumi/pulumi/sdk/v3"

# Beside the compiled programs: these two come as they are from the SDK's module.
SCRIPTS = (
    "python/cmd/pulumi-language-python-exec",
    "python/dist/pulumi-resource-pulumi-python",
)


@dataclass(frozen=True)
class Program:
    """One `go build`."""

    title: str
    module: str
    package: str
    result: str
    linked: str = ""

    def command(self, go: Path, into: Path) -> list[str]:
        flags = ["-mod=readonly", "-trimpath", "-tags", "no_compose"]
        flags += ["-ldflags", f"-s -w {self.linked}".strip()]
        return [str(go), "build", *flags, "-o", str(into / self.result), self.package]


def programs() -> Iterator[Program]:
    engine = versions.pulumi()
    # Without a version the Automation API cannot talk to the engine.
    said = f"-X {SDK}/go/common/version.Version=v{engine}"
    main = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
    yield Program(f"pulumi {engine}", "pulumi", main, "bin/pulumi", said)
    host = f"{SDK}/python/cmd/pulumi-language-python"
    yield Program("pulumi-language-python", "language", host, "bin/pulumi-language-python")
    for name, number in versions.plugins().items():
        result = f"home/plugins/resource-{name}-v{number}/pulumi-resource-{name}"
        said = f"-X main.version={number}"
        yield Program(f"{name} plugin {number}", "providers", f"./{name}", result, said)


def go_directive() -> tuple[int, ...]:
    """The lowest Go that can build every module."""
    return max(_directive(path.read_text()) for path in SOURCES.glob("*/go.mod"))


def _directive(text: str) -> tuple[int, ...]:
    found = re.search(r"^go ([\d.]+)$", text, re.MULTILINE)
    assert found is not None, "a go.mod without a go line"
    return tuple(map(int, found[1].split(".")))


def digest(sources: Path = SOURCES) -> str:
    """The same content, versions and machine give the same engine."""
    whole = hashlib.sha256()
    made_of = [platform.system(), platform.machine(), versions.pulumi(), str(versions.plugins())]
    whole.update("\n".join(made_of).encode())
    for path in sorted(_decisive(sources)):
        whole.update(f"\n{path.relative_to(sources)}\n".encode() + path.read_bytes())
    return whole.hexdigest()[:12]


def _decisive(sources: Path) -> Iterator[Path]:
    """Files that change what is built; the rest of this package only decides how and where."""
    for pattern in ("*/**/*.go", "*/go.mod", "*/go.sum", "recipe.py"):
        yield from sources.glob(pattern)
