"""What the engine could not read: what is met half written is read again, and what is wrong with the rest is said."""

# ruff: noqa: SIM300

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from rehouse.cli.engine import Engine
from rehouse.cli.state import contest
from rehouse.cli.state.contest import TRIES
from rehouse.components.errors import OutOfReach, Wrong
from tests.unit.engines import HERE, engine, killed

EOF = "error: failed to load checkpoint: EOF"
ONCE_MORE = 2
SALTED = "config:\n  shop:spec: web.yaml\nencryptionsalt: v1:x:v1:y:z\n"
STACK = ".pulumi/stacks/shop/dev.json"
LOCKS = ".pulumi/locks/organization/shop/dev"
WHOLE = {"version": 3, "checkpoint": {}}
LEDGER = {"type": "pulumi:pulumi:Stack", "outputs": {"web-ledger": "another"}}


class Project:
    """A stack whose engine fails so many times, and then answers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._calls = folder, folder / "calls"
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        self.settings(SALTED)
        self.keeps(STACK, WHOLE)
        self.fails(0)

    def settings(self, text: str) -> None:
        (self.folder / "Pulumi.dev.yaml").write_text(text)

    def keeps(self, key: str, what: object) -> None:
        file = self.folder / "state" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(what))

    def held_by(self, pid: int) -> None:
        since = datetime.now(UTC).isoformat()
        facts = {"pid": pid, "username": "ci", "hostname": HERE, "timestamp": since}
        self.keeps(f"{LOCKS}/1.json", facts)

    def fails(self, times: int, said: str = EOF, of: str = "--show-secrets") -> None:
        program = self.folder / "bin/pulumi"
        program.parent.mkdir(exist_ok=True)
        program.write_text(PROGRAM.format(calls=self._calls, times=times, said=said, of=of))
        program.chmod(0o755)

    @property
    def calls(self) -> int:
        return len(self._calls.read_text().splitlines())

    @property
    def engine(self) -> Engine:
        return Engine(self.folder, "dev")


PROGRAM = f"""#!/bin/sh
[ "$1" = version ] && echo v{version("pulumi")} && exit
case "$*" in *{{of}}*)
    echo "$*" >> {{calls}}
    [ $(wc -l < {{calls}}) -le {{times}} ] && echo >&2 "{{said}}" && exit 255
esac
echo '{{{{}}}}'
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path)
    monkeypatch.setattr(contest, "PAUSE", 0)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'state'}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "some")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    return made


def test_what_is_met_half_written_is_read_again(project: Project):
    """Also where whoever wrote it is done by then, and nobody holds the stack any more."""
    project.fails(1)
    assert ({}, ONCE_MORE) == (project.engine.ledgers(), project.calls)


def test_a_preview_that_meets_it_half_written_is_run_again(project: Project):
    project.fails(1, of="preview")
    assert (True, ONCE_MORE) == (project.engine.preview().well, project.calls)


def test_while_somebody_holds_the_stack_it_is_read_several_times(project: Project):
    with engine() as living:
        project.held_by(living.pid)
        project.fails(TRIES - 1)
        assert ({}, TRIES) == (project.engine.ledgers(), project.calls)


def test_and_not_for_ever(project: Project):
    with engine() as living:
        project.held_by(living.pid)
        project.fails(100)
        with pytest.raises(OutOfReach):
            project.engine.ledgers()
    assert TRIES == project.calls


def test_the_lock_of_a_dead_process_is_not_waited_for(project: Project):
    project.held_by(killed())
    project.fails(100)
    with pytest.raises(OutOfReach):
        project.engine.ledgers()
    assert ONCE_MORE == project.calls


def test_elsewhere_than_in_a_folder_nothing_is_half_written(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://bucket")
    project.fails(1)
    with pytest.raises(OutOfReach):
        project.engine.ledgers()
    assert 1 == project.calls


def test_without_a_passphrase_it_is_only_said_to_set_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    """There is no doubt, and nothing to restore; an empty one is one."""
    project.keeps(STACK + ".bak", with_outputs())
    project.fails(100, "error: passphrase must be set")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    assert "set the passphrase: export PULUMI_CONFIG_PASSPHRASE_FILE=FILE" == fix(project)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    assert fix(project).startswith("take the passphrase of the last update")


def test_another_passphrase_comes_before_the_last_resort(project: Project):
    """The state is sound as a rule: restoring stands by itself, and keeps what is there."""
    project.keeps(STACK + ".bak", with_outputs())
    project.fails(100, "error: incorrect passphrase")
    first, last, _ = fix(project).splitlines()
    place = project.folder / "state" / STACK
    assert "take the passphrase of the last update" in first
    assert "last resort, only if you are sure" in last
    assert 0 < last.find(f": cp {place} {place}.") < last.find(f" && cp {place}.bak {place}")


@pytest.mark.parametrize(
    ("text", "line", "salt"),
    [
        (SALTED + "  shop:target: container\n", 4, True),
        ("config:\n  shop:spec: [web.yaml\n" + SALTED.partition("\n")[2], 3, False),
        ("config:\n  shop:spec: a\n  shop:spec: b\n", 3, False),
    ],
)
@pytest.mark.parametrize("failing", ["ledgers", "config", "preview", "up"])
def test_settings_that_are_not_yaml(
    project: Project, text: str, line: int, salt: bool, failing: str
):
    """Whatever fails because of it: 2, with file and line, and what the engine's salt at the end has to do with it."""
    project.settings(text)
    project.fails(
        100, "error: it says anything", {"ledgers": "--show-secrets"}.get(failing, failing)
    )
    with pytest.raises(Wrong, match="is not valid YAML") as raised:
        getattr(project.engine, failing)()
    assert (f"Pulumi.dev.yaml:{line}", salt) == (
        raised.value.where,
        "above encryptionsalt" in raised.value.fix,
    )


def test_settings_that_are_not_yaml_and_have_a_secret(project: Project):
    """They are read before an update for secrets in clear."""
    project.settings(SALTED + "  shop:secrets: {}\n")
    with pytest.raises(Wrong, match=r"Pulumi\.dev\.yaml:4: is not valid YAML"):
        project.engine.up()


def with_outputs() -> object:
    return {"version": 3, "checkpoint": {"latest": {"resources": [LEDGER]}}}


def fix(project: Project) -> str:
    with pytest.raises(OutOfReach) as raised:
        project.engine.ledgers()
    return raised.value.fix
