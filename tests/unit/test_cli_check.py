"""`rehouse check` reads specs and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from rehouse.cli.main import VERBS
from tests.unit.commands import rehouse

GOOD = "service: web\nimage: web:1\nport: 80\n"
BAD = GOOD + "prot: 80\n"
HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**texts: str) -> None:
    """Files by name, with _ for the dot before yaml."""
    for name, text in texts.items():
        Path(name.replace("_", ".")).write_text(text)


def test_a_right_file_is_one_line(capsys):
    """A file that is right is one line on stdout, and the exit status is 0."""
    write(web_yaml=GOOD)
    ran = rehouse(capsys, "check", "web.yaml")
    assert (ran.code, ran.out, ran.err) == (0, "web.yaml: ok, service web\n", "")


def test_all_files_are_read(capsys):
    """A wrong file hides neither those that are right nor others that are wrong."""
    write(a_yaml=BAD, b_yaml=GOOD, c_yaml="service: web\n")
    ran = rehouse(capsys, "check", "a.yaml", "b.yaml", "c.yaml", "d.yaml")
    assert (ran.code, ran.out) == (2, "b.yaml: ok, service web\n")
    places = ("a.yaml:4: prot: unknown key", "c.yaml: image: is missing", "d.yaml: cannot be read")
    assert [place for place in places if place not in ran.err] == []


def test_json_has_every_file(capsys):
    """With --json there is an entry for each file, and with what is wrong the exit status is 2."""
    write(a_yaml=BAD, b_yaml=GOOD)
    ran = rehouse(capsys, "check", "a.yaml", "b.yaml", "--json")
    first, second = ran.json()["files"]
    assert (ran.code, first["file"], first["error"]["where"]) == (2, "a.yaml", "a.yaml:4")
    assert second == {"file": "b.yaml", "service": "web", "error": None}


def test_without_files_the_stacks_say_which(capsys):
    """Without FILES the specs of all stacks are read, each once, from the folder of the program."""
    Path("stacks").mkdir()
    Path("stacks/web.yaml").write_text(GOOD)
    Path("stacks/api.yaml").write_text(GOOD.replace("web", "api"))
    write(Pulumi_yaml="name: shop\nruntime: python\nmain: stacks/\n")
    for stack, name in {"dev": "web", "prod": "web", "test": "api"}.items():
        Path(f"Pulumi.{stack}.yaml").write_text(f"config:\n  shop:spec: {name}.yaml\n")
    ran = rehouse(capsys, "check")
    expected = "stacks/web.yaml: ok, service web\nstacks/api.yaml: ok, service api\n"
    assert (0, expected) == (ran.code, ran.out)


@pytest.mark.parametrize("settings", ["", "config:\n  shop:specs: web.yaml\n", "config: 3\n"])
def test_no_stack_names_a_spec(capsys, settings):
    """Where no stack names a spec nothing is taken for right, and the way out is told."""
    write(Pulumi_yaml="name: shop\nruntime: python\n")
    if settings:
        Path("Pulumi.dev.yaml").write_text(settings)
    ran = rehouse(capsys, "check")
    assert (ran.code, ran.out) == (2, "")
    assert "fix: name the files: rehouse check web.yaml" in ran.err


def test_settings_that_are_no_yaml(capsys):
    """A file of settings that cannot be read is named, with its line."""
    write(Pulumi_yaml="name: shop\nruntime: python\n")
    Path("Pulumi.dev.yaml").write_text("config: [\n")
    ran = rehouse(capsys, "check")
    assert ran.code == 2
    assert "Pulumi.dev.yaml:2: is not valid YAML" in ran.err


@pytest.mark.parametrize("verb", ["check", "init", "schema", "completion"])
def test_no_engine_and_no_daemon(verb):
    """Verbs that need neither Pulumi nor Docker do not import them: they are quick."""
    write(web_yaml=GOOD)
    words = {"check": ["web.yaml"], "init": ["new"], "completion": ["fish"]}.get(verb, [])
    program = (
        f"import sys; from rehouse.cli.main import _run; code = _run({[verb, *words]!r});"
        "heavy = {'pulumi', 'docker', 'requests', 'grpc'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr.partition("next:")[0]) == (0, "")


def test_the_hook_of_pre_commit():
    """The hook for pre-commit starts a verb that there is."""
    [hook] = YAML(typ="safe").load(HOOKS)
    assert (hook["id"], hook["entry"]) == ("rehouse-check", "rehouse check")
    assert hook["entry"].split()[1] in VERBS
