"""`rehouse init` makes a project that is right, and overwrites nothing."""

import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from rehouse.cli.starter import TEMPLATES
from rehouse.components.spec import read_spec
from tests.unit.commands import rehouse

CHECKOUT = Path(__file__).parents[2]
FILES = (
    *("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py", "web.yaml", ".gitignore"),
    *(".github/workflows/deploy.yaml", "ci/deploy.sh"),
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def yaml(path: str) -> dict:
    return dict(YAML(typ="safe").load(Path(path)))


def texts() -> dict[str, str]:
    found = sorted(path for path in Path().rglob("*") if path.is_file())
    return {str(path): path.read_text() for path in found}


def test_what_it_makes_is_right(capsys):
    """The files are named on stdout, and `rehouse check` finds the spec by them."""
    ran = rehouse(capsys, "init", "shop", "--image", "example:1")
    assert (0, "\n".join(FILES) + "\n") == (ran.code, ran.out)
    checked = rehouse(capsys, "check", "--folder", "shop")
    assert (checked.code, checked.out) == (0, "shop/web.yaml: ok, service web\n")


def test_options_are_in_the_spec(capsys):
    """Service, image and port are those that were asked for, and the project is called like the folder."""
    rehouse(capsys, "init", "my shop", "--service", "api", "--image", "a.b/api:2", "--port", "81")
    spec = read_spec(Path("my shop/api.yaml"))
    assert (spec.service, spec.image, spec.port, spec.published) == ("api", "a.b/api:2", 81, 81)
    config = {"my-shop:spec": "api.yaml", "my-shop:target": "container"}
    assert yaml("my shop/Pulumi.yaml")["name"] == "my-shop"
    assert config == yaml("my shop/Pulumi.dev.yaml")["config"]


def test_the_workflow_runs_the_script_with_these_versions(capsys):
    """Each job of the workflow runs the script that is written beside it, with the versions that belong together."""
    rehouse(capsys, "init")
    workflow = yaml(".github/workflows/deploy.yaml")
    steps = {name: job["steps"] for name, job in workflow["jobs"].items()}
    runs = {name: [each["run"] for each in of if "run" in each] for name, of in steps.items()}
    assert {name: [f"exec sh ci/deploy.sh {name}"] for name in ("check", "plan", "deploy")} == runs
    engines = [
        each["with"] for of in steps.values() for each in of if "pulumi" in each.get("uses", "")
    ]
    assert [{"pulumi-version": version("pulumi")}] * 2 == engines
    assert f"rehouse=={version('rehouse')}" == workflow["env"]["REHOUSE_INSTALL"]
    assert (TEMPLATES / "deploy.sh").read_text() == Path("ci/deploy.sh").read_text()


@pytest.mark.parametrize("there", ["web.yaml", ".github/workflows/deploy.yaml"])
def test_nothing_is_overwritten(capsys, there):
    """One file that is there already: it is named, and not one is written."""
    Path(there).parent.mkdir(parents=True, exist_ok=True)
    Path(there).write_text("mine")
    ran = rehouse(capsys, "init")
    assert (2, "", {there: "mine"}) == (ran.code, ran.out, texts())
    assert f".: has already: {there}\n" in ran.err


def test_every_file_that_is_there_is_named(capsys):
    """The second time it names all of them, and changes none."""
    rehouse(capsys, "init")
    before = texts()
    ran = rehouse(capsys, "init", "--port", "9")
    assert (2, before) == (ran.code, texts())
    assert f"has already: {', '.join(FILES)}" in ran.err


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--service", "../web", "service: has the wrong form"),
        ("--image", "Example", "image: has the wrong form"),
        ("--port", "0", "port: is too small"),
    ],
)
def test_wrong_values_write_nothing(capsys, option, value, says):
    """What would be wrong in a spec is refused in the same words, and nothing is written."""
    ran = rehouse(capsys, "init", option, value)
    assert (ran.code, texts()) == (2, {})
    assert says in ran.err


def test_it_says_what_to_type_next(capsys):
    """The steps go to stderr: into the folder, and the image only where none was given."""
    first = rehouse(capsys, "init", "shop").err.splitlines()
    second = rehouse(capsys, "init", "--image", "example:1", "--json").json()["next"]
    rest = ["rehouse check", "pulumi stack init dev", "rehouse doctor", "rehouse deploy"]
    steps = ["cd shop", "$EDITOR web.yaml  # its image", *rest]
    assert (["next:", *(f"  {step}" for step in steps)], rest) == (first, second)


def test_the_program_is_that_of_the_repository():
    """There is one program: that of stacks/ and that of a new project say the same."""
    program = (CHECKOUT / "stacks/__main__.py").read_text()
    assert program == (TEMPLATES / "__main__.py.txt").read_text()


def test_the_package_has_the_templates(tmp_path):
    """What is installed has every template, so a clone is not needed."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, timeout=120)
    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"rehouse/cli/templates/{each.name}" for each in TEMPLATES.iterdir()}
    assert set() == expected - names
