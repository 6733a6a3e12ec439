"""Twenty secrets, planted through every way in, are nowhere but in the files that are declared for them."""

import contextlib
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rehouse.cli.main import VERBS
from tests.e2e.estate import Run, Stack, leaving_nothing
from tests.e2e.evidence import (
    Seen,
    Witness,
    docker_root,
    engine_logs,
    of_daemon,
    of_docker,
    on_disk,
    secret_files,
)
from tests.e2e.hunt import KINDS, Hunt, unpacked
from tests.e2e.private_registry import logged_in, private_registry

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]
CRASH = Path(__file__).with_name("crash")
CRASHES = (
    "rehouse.components.asking:_text",
    "rehouse.components.generation:_keyed_hash",
    "rehouse.components.declare:declare",
    "rehouse.components.belongings:create_volume",
    "rehouse.cli.rollout.deploy:known_or_new",
)
WORDS = {
    "exec": ["--", "/bin/true"],
    "exec_": ["--", "/bin/true"],
    "init": ["never-made", "--port", "none"],
    "completion": ["bash"],
}
LAST = ("destroy",)


class Guarded(Stack):
    """Its passphrase, its registry's password and one source are among the planted."""

    def __init__(self, folder: Path, secret: Hunt) -> None:
        self.passphrase = secret.plant("passphrase", "quotes")
        super().__init__(folder)

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PULUMI_CONFIG_PASSPHRASE": self.passphrase}


@dataclass
class Case:
    """One stack that lives through much, and all that was seen of it."""

    stack: Guarded
    secret: Hunt  # must not be found
    control: Hunt  # stands where anybody may look, and must be found there
    witness: Witness
    began: float = field(default_factory=time.time)
    said: Seen = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def rehouse(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        before = dict(self.stack.variables)
        self.stack.variables |= variables
        ended = self.stack.rehouse(*words, timeout=280)
        self.stack.variables = before
        self._heard(f"rehouse {' '.join(words)} {variables}", ended.stdout + ended.stderr)
        return ended

    def pulumi(self, *words: str, **variables: str) -> Run:
        before = dict(self.stack.variables)
        self.stack.variables |= variables
        ended = self.stack.pulumi(*words)
        self.stack.variables = before
        self._heard(f"pulumi {' '.join(words)} {variables}", ended.output)
        return ended

    def _heard(self, what: str, output: str) -> None:
        self.said[f"{len(self.said)}: {what}"] = output.encode()


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """The whole life of a stack, once; the tests then look at what is left of it."""
    base = tmp_path_factory.mktemp("secrets")
    (base / "tmp").mkdir()
    (base / "registry").mkdir()
    secret, control = Hunt(), Hunt()
    password = secret.plant("registry password")
    with (
        private_registry(base / "registry", password) as registry,
        guarded(base / "stack", secret) as stack,
        Witness(base / "tmp", docker_root() / "tmp", Path("/dev/shm")) as witness,
    ):
        login = logged_in(base / "docker", registry, password)
        stack.variables |= {"DOCKER_CONFIG": str(login), "TMPDIR": str(base / "tmp")}
        made = Case(stack, secret, control, witness)
        lead(made, registry)
        yield made


@contextlib.contextmanager
def guarded(folder: Path, secret: Hunt) -> Iterator[Guarded]:
    made = Guarded(folder, secret)
    with leaving_nothing(made):
        yield made


def lead(case: Case, registry: str) -> None:
    """Deployed, changed, rolled back, failed, crashed, and asked everything."""
    _plant(case)
    _control(case)
    image = {"image": f"{registry}/example:1", "replicas": 1}
    env = {"SEEN": case.control.plant("in the open")}
    case.stack.write(**image, env=env, secrets=list(case.values))
    assert case.rehouse("deploy", "--json").returncode == 0, case.said
    _replaced(case)
    assert case.rehouse("rollback").returncode == 0, case.said
    case.stack.write(env={**env, "HEALTH_500": "1"}, health={"http": "/healthz", "within": "2s"})
    assert case.rehouse("deploy").returncode == 10, case.said
    assert case.pulumi("up", "--yes", "--skip-preview").code == 0
    case.stack.write(env={**env, "NEXT": "1"}, health={"http": "/healthz", "within": "15s"})
    _crashed(case)
    _asked(case)


def _plant(case: Case) -> None:
    """Five kinds of value by configuration, environment and command; and what is no secret of the service."""
    vault = case.stack.folder / "vault"
    vault.mkdir()
    for kind in KINDS:
        case.values[f"FOUND_{kind}"] = found = case.secret.plant(f"env {kind}", kind)
        case.stack.variables[f"E2E_{kind}"] = found
        case.stack.secrets[f"FOUND_{kind}"] = {"env": f"E2E_{kind}"}
        case.values[f"PRINTED_{kind}"] = printed = case.secret.plant(f"command {kind}", kind)
        (vault / kind).write_text(printed + "\n")
        case.stack.secrets[f"PRINTED_{kind}"] = {"command": ["cat", str(vault / kind)]}
    for kind in KINDS:
        case.values[f"KEPT_{kind}"] = kept = case.secret.plant(
            f"configuration {kind}", kind
        ).strip()
        case.stack.encrypt(f"KEPT_{kind}", kept)
    assert len(case.values) == 15


def _control(case: Case) -> None:
    """What must be found: a process with a value in its arguments, and a file that is there for a moment."""
    word = case.control.plant("an argument")
    subprocess.run([sys.executable, "-c", "import time; time.sleep(1)", word], check=True)
    with tempfile.NamedTemporaryFile("w", dir=case.stack.variables["TMPDIR"]) as file:
        file.write(case.control.plant("a temporary file"))
        file.flush()
        time.sleep(1)


def _replaced(case: Case) -> None:
    """New values by every way, rolled out by the engine itself."""
    before = dict(case.stack.variables), dict(case.stack.secrets)
    case.stack.variables["E2E_plain"] = case.secret.plant("env, changed")
    case.stack.encrypt("KEPT_plain", case.secret.plant("configuration, changed"))
    case.stack.write()
    assert case.pulumi("up", "--yes", "--skip-preview").code == 0, case.said
    case.stack.variables, case.stack.secrets = before
    case.stack.write()


def _crashed(case: Case) -> None:
    for place in CRASHES:
        crash = {"E2E_CRASH": place, "PYTHONPATH": str(CRASH)}
        ended = case.rehouse("deploy", **crash)
        assert ended.returncode != 0, (place, ended)
        assert "forced crash" in ended.stdout + ended.stderr, (place, ended)
    crash["E2E_CRASH"] = CRASHES[3]
    assert "forced crash" in case.pulumi("up", "--yes", "--skip-preview", **crash).output


def _asked(case: Case) -> None:
    """Every verb there is, in words and in JSON, also with a loud engine; and what the engine can be asked."""
    loud = {"PULUMI_OPTION_VERBOSE": "9", "PULUMI_OPTION_DEBUG": "true"}
    assert case.rehouse("plan", **loud).returncode == 0
    for verb in VERBS:
        if verb not in LAST:
            words = WORDS.get(verb, [])
            case.rehouse(verb.rstrip("_"), *words)
            case.rehouse(verb.rstrip("_"), "--json", *words)
    for question in (
        *(("preview", "--diff"), ("preview", "--json"), ("stack", "--show-urns")),
        *(("stack", "output", "--json"), ("stack", "export"), ("stack", "history", "--json")),
        *(("config", "--json"), ("up", "--yes", "--diff", "--debug")),
    ):
        case.pulumi(*question)
    backend = f"postgres://ops:{case.secret.plant('backend password')}@127.0.0.1:1/state"
    for words in (["deploy"], ["status"], ["doctor"], ["doctor", "--json"]):
        assert case.rehouse(*words, PULUMI_BACKEND_URL=backend).returncode == 13


def test_twenty_secrets_arrive(case: Case) -> None:
    """Each of the service's is in its file as it was given, byte for byte; in all at least twenty were planted."""
    assert len(case.secret.values) >= 20
    live = secret_files(case.stack)
    sums = {Path(path).name: hashlib.sha256(each).hexdigest() for path, each in live.items()}
    assert sums == {n: hashlib.sha256(v.encode()).hexdigest() for n, v in case.values.items()}
    assert len(case.secret.found(live)) >= len(case.values)


def test_the_state_has_no_secret(case: Case) -> None:
    """Nothing that the backend keeps: checkpoints, history, backups, locks."""
    seen = on_disk(case.stack.folder / "state")
    assert [kind for kind in ("history", "backups") if not any(kind in path for path in seen)] == []
    assert case.secret.found(seen) == []
    assert case.control.found(seen)


def test_nothing_that_is_said_has_a_secret(case: Case) -> None:
    """Every verb in words and in JSON, the engine's own answers, failures and tracebacks."""
    assert [place for place, each in case.said.items() if b"forced crash" in each]
    assert case.secret.found(case.said) == []
    assert case.control.found(case.said)


def test_docker_tells_no_secret(case: Case) -> None:
    """Neither inspect nor logs, events and exports, of anything there is."""
    seen = of_docker(case.stack, case.began)
    assert case.secret.found(seen) == []
    assert case.control.found(seen)


def test_the_daemon_keeps_secrets_in_their_volumes_only(case: Case) -> None:
    """On its whole disk, but for images, and in its log."""
    seen = of_daemon()
    declared = secret_files(case.stack)
    assert set(declared) < set(seen)
    assert case.secret.found({p: each for p, each in seen.items() if p not in declared}) == []
    assert case.control.found(seen)


def test_no_process_has_a_secret_in_its_arguments(case: Case) -> None:
    """Looked at all the time, the engine's own processes included."""
    assert any("pulumi" in place for place in case.witness.arguments)
    assert case.secret.found(case.witness.arguments) == []
    assert case.control.found(case.witness.arguments)


def test_no_temporary_file_has_a_secret(case: Case) -> None:
    """The engine's log of events and our notes were among those that were looked at."""
    places = case.witness.files
    assert all(any(f"/{name} of" in place for place in places) for name in ("events", "notes"))
    assert case.secret.found(places) == []
    assert len(case.control.found(places)) > 1


def test_the_engine_writes_no_secret_into_its_logs(case: Case) -> None:
    """It keeps one of every command; those of commands that never get to a stack are not encrypted."""
    seen = engine_logs(case.stack, case.began)
    assert b"Current cloud URL" in b"".join(map(unpacked, seen.values()))
    assert case.secret.found(seen) == []


def test_the_project_has_secrets_where_they_were_put(case: Case) -> None:
    """Of its folder only what the command reads: neither the configuration nor anything that was left behind."""
    seen = {p: each for p, each in on_disk(case.stack.folder).items() if "/vault/" not in p}
    assert case.secret.found(seen) == []
    assert case.control.found(seen)
