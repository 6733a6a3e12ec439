"""A spec that is wrong says where, what and what is allowed; the reference file and the schema say the truth."""

# ruff: noqa: ISC004, SIM300

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

import rehouse.components.spec as spec_module
from rehouse.components.errors import Wrong
from rehouse.components.reading import read_text
from rehouse.components.spec import ServiceSpec, json_schema, read_spec
from rehouse.components.units import seconds

LEAST = "service: web\nimage: web:1\nport: 80\n"
REFERENCE = Path(spec_module.__file__).with_name("reference.yaml")
SCHEMA = Path(__file__).parents[2] / "docs/reference/spec.schema.json"

TOP = (
    "allowed here: command, env, health, image, port, replicas, resources, rollout, router, "
    "secrets, security, service, stop, volumes"
)
SERVICE = 'Name: a-z, 0-9 and -, at most 40 characters, first a letter, for example "web"'
IMAGE = (
    "Image in lower case, by tag or digest; a tag is resolved once, when a generation is made, "
    'for example "registry.example.com/web:1.4"'
)
PORT = "Port on which each instance answers, 1 to 65535, for example 8080"
REPLICAS = "How many instances run, 1 to 100, for example 2"
COMMAND = (
    "Arguments instead of the image's own command, a list of texts, "
    'for example ["serve", "--verbose"]'
)
ENV = (
    "Environment: names of letters, digits and _, values as text in quotes; REHOUSE_ is reserved, "
    'for example {"LOG_LEVEL": "info"}'
)
SECRETS = (
    "Names of secrets, once each; values come from the stack, instances find /run/secrets/NAME, "
    'for example ["DB_PASSWORD"]'
)
HEALTH = (
    "How an instance shows that it is well: one of http, tcp and exec, "
    'for example {"http": "/healthz"}'
)
HTTP = (
    "Path that answers 200 to 399 while the instance is well, without quotes, # and backslash, "
    'for example "/healthz"'
)
TCP = "true: it is enough that the port accepts connections, for example true"
EXEC = (
    "Command that exits 0 inside the instance while it is well, "
    'for example ["/bin/check", "--quick"]'
)
MEMORY = 'Memory, 6MiB to 4096GiB, without swap, for example "256MiB"'
CPUS = "Processors, 0.01 to 512, for example 0.5"
USER = (
    "Numeric user, or user:group, to run as; the image's own user if it is not given, "
    'for example "1000:1000"'
)
READ_ONLY = (
    "true or false: whether the root file system is read-only; /tmp and /run are not, "
    "for example true"
)
CAPABILITIES = (
    "Linux capabilities to keep, without CAP_; all others are dropped, "
    'for example ["NET_BIND_SERVICE"]'
)
VOLUMES = (
    "Named volumes: not supported yet; leave the key out and keep data outside the service, "
    "for example []"
)
SIGNAL = 'Signal by its name, like SIGTERM or SIGQUIT, for example "SIGTERM"'
GRACE = (
    'How long it may take to finish before it is killed, whole seconds, 1s to 1h, for example "10s"'
)
MODE = 'http (each request finds its instance) or tcp (each connection does), for example "http"'
STRATEGY = (
    "blue-green (all of the traffic at once), canary (a share first, step by step), rolling "
    "(instance by instance) or recreate (the old one is stopped first: nothing answers meanwhile), "
    'for example "canary"'
)
LINES = "write lines like 'key: value'"
BOUNDS = "at most 5000 values and 16 levels, aliases counted each time"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcd", "bcde", strict=True)
)

# What is wrong → the document, and the message without "web.yaml".
WRONG: dict[str, tuple[str, str]] = {
    "typo in a key": (
        LEAST + "replica: 3",
        f":4: replica: unknown key\nfix: did you mean 'replicas'? {TOP}",
    ),
    "typo in a nested key": (
        LEAST + "health:\n  htp: /x",
        ":5: health.htp: unknown key\n"
        "fix: did you mean 'http'? allowed here: every, exec, http, tcp, times, within",
    ),
    "key like no other": (LEAST + "zebra: 1", f":4: zebra: unknown key\nfix: {TOP}"),
    "merge key, which YAML 1.2 does not know": (
        LEAST + "health: &h\n  times: 3\nstop:\n  <<: *h",
        ":7: stop.<<: unknown key\nfix: allowed here: grace, signal",
    ),
    "missing key": ("service: web\nimage: web:1", f": port: is missing\nfix: {PORT}"),
    "text for a number": (
        "service: web\nimage: web:1\nport: '80'",
        f':3: port: must be a whole number, not "80"\nfix: {PORT}',
    ),
    "fraction for a whole number": (
        "service: web\nimage: web:1\nport: 80.5",
        f":3: port: must be a whole number, not 80.5\nfix: {PORT}",
    ),
    "bool for a number": (
        "service: web\nimage: web:1\nport: true",
        f":3: port: must be a whole number, not true\nfix: {PORT}",
    ),
    "nothing for a number": (
        "service: web\nimage: web:1\nport:",
        f":3: port: must be a whole number, not null\nfix: {PORT}",
    ),
    "digits with _, which are text in YAML 1.2": (
        LEAST + "replicas: 1_0",
        f':4: replicas: must be a whole number, not "1_0"\nfix: {REPLICAS}',
    ),
    "number beyond all bounds": (
        LEAST + "replicas: " + "9" * 5000,
        f":4: replicas: must be a whole number, not Infinity\nfix: {REPLICAS}",
    ),
    "too small": (LEAST + "replicas: 0", f":4: replicas: is too small: 0\nfix: {REPLICAS}"),
    "too large": (LEAST + "replicas: 101", f":4: replicas: is too large: 101\nfix: {REPLICAS}"),
    "words for a number": (
        LEAST + "resources: {cpus: lots}",
        f':4: resources.cpus: must be a number, not "lots"\nfix: {CPUS}',
    ),
    "not a number": (
        LEAST + "resources: {cpus: .nan}",
        f":4: resources.cpus: must be a finite number, not NaN\nfix: {CPUS}",
    ),
    "duration without unit": (
        LEAST + "stop:\n  grace: 10",
        ":5: stop.grace: must be a duration like 500ms, 30s, 5m or 1h, not 10\n" + f"fix: {GRACE}",
    ),
    "duration too long": (
        LEAST + "stop:\n  grace: 2h",
        f':5: stop.grace: is too large: "2h"\nfix: {GRACE}',
    ),
    "duration of less than a second": (
        LEAST + "stop:\n  grace: 1500ms",
        f':5: stop.grace: must be whole seconds, not "1500ms"\nfix: {GRACE}',
    ),
    "size in another unit": (
        LEAST + "resources:\n  memory: 256MB",
        f':5: resources.memory: must be a size like 256MiB or 1GiB, not "256MB"\nfix: {MEMORY}',
    ),
    "size too small": (
        LEAST + "resources:\n  memory: 1MiB",
        f':5: resources.memory: is too small: "1MiB"\nfix: {MEMORY}',
    ),
    "signal without SIG": (
        LEAST + "stop:\n  signal: TERM",
        f':5: stop.signal: must be the name of a signal, not "TERM"\nfix: {SIGNAL}',
    ),
    "image in upper case": (
        "service: web\nimage: Web:1\nport: 80",
        f':2: image: has the wrong form: "Web:1"\nfix: {IMAGE}',
    ),
    "name in upper case": (
        "service: Web\nimage: web:1\nport: 80",
        f':1: service: has the wrong form: "Web"\nfix: {SERVICE}',
    ),
    "number for a name": (
        "service: 5\nimage: web:1\nport: 80",
        f":1: service: must be text, not 5\nfix: put it in quotes. {SERVICE}",
    ),
    "key twice": (
        LEAST + "port: 81",
        ":4: port: stands twice, first in line 3\nfix: keep one of them",
    ),
    "nested key twice": (
        LEAST + "env:\n  A: a\n  B: b\n  A: c",
        ":7: env.A: stands twice, first in line 5\nfix: keep one of them",
    ),
    "two kinds of health": (
        LEAST + "health:\n  http: /x\n  tcp: true",
        ":4: health: must have one of http, tcp and exec, not "
        f'{{"http": "/x", "tcp": true}}\nfix: {HEALTH}',
    ),
    "tcp switched off": (
        LEAST + "health:\n  tcp: false",
        f":5: health.tcp: must be true, not false\nfix: {TCP}",
    ),
    "path without /": (
        LEAST + "health:\n  http: healthz",
        f':5: health.http: has the wrong form: "healthz"\nfix: {HTTP}',
    ),
    "command of nothing": (
        LEAST + "health:\n  exec: []",
        f":5: health.exec: must not be empty\nfix: {EXEC}",
    ),
    "command as one text": (
        LEAST + "command: serve",
        f':4: command: must be a list, not "serve"\nfix: {COMMAND}',
    ),
    "number in a command": (
        LEAST + "command:\n  - serve\n  - 80",
        f":6: command.1: must be text, not 80\nfix: put it in quotes. {COMMAND}",
    ),
    "volumes": (
        LEAST + "volumes: [data]",
        f':4: volumes: must be empty for now, not ["data"]\nfix: {VOLUMES}',
    ),
    "reserved variable": (
        LEAST + "env:\n  REHOUSE_X: a",
        ":4: env: must have names that do not start with REHOUSE_, "
        f'not {{"REHOUSE_X": "a"}}\nfix: {ENV}',
    ),
    "number in env": (
        LEAST + "env:\n  A: a\n  WORKERS: 4",
        f":6: env.WORKERS: must be text, not 4\nfix: put it in quotes. {ENV}",
    ),
    "bool in env": (
        LEAST + "env:\n  DEBUG: true",
        f":5: env.DEBUG: must be text, not true\nfix: put it in quotes. {ENV}",
    ),
    "fraction in env": (
        LEAST + "env:\n  RATIO: 1.0",
        f":5: env.RATIO: must be text, not 1.0\nfix: put it in quotes. {ENV}",
    ),
    "nothing in env": (
        LEAST + "env:\n  DEBUG:",
        f":5: env.DEBUG: must be text, not null\nfix: {ENV}",
    ),
    "variable with -": (
        LEAST + "env:\n  A-B: x",
        f':5: env.A-B: has the wrong form: "A-B"\nfix: {ENV}',
    ),
    "list for env": (
        LEAST + "env: [a]",
        f':4: env: must be keys with values, not ["a"]\nfix: {ENV}',
    ),
    "NUL in env": (
        LEAST + 'env:\n  A: "\\0"',
        f':5: env.A: has the wrong form: "\\u0000"\nfix: {ENV}',
    ),
    "half a character": (
        LEAST + 'env:\n  A: "\\ud800"',
        ":5: env.A: has half of a surrogate pair, which is no character\n"
        "fix: write the character itself",
    ),
    "value that is very long": (
        LEAST + "env:\n  A: " + "x" * 5000,
        f':5: env.A: is too long: "{"x" * 76}...\nfix: {ENV}',
    ),
    "too many entries": (
        LEAST + "secrets: [" + "A," * 65 + "]",
        ":4: secrets: has too many entries: [" + '"A", ' * 15 + f'"...\nfix: {SECRETS}',
    ),
    "secret twice": (
        LEAST + "secrets: [A, A]",
        f':4: secrets: must name each secret once, not ["A", "A"]\nfix: {SECRETS}',
    ),
    "secret that is a path": (
        LEAST + "secrets: [a/b]",
        f':4: secrets.0: has the wrong form: "a/b"\nfix: {SECRETS}',
    ),
    "capability in lower case": (
        LEAST + "security:\n  capabilities: [net_raw]",
        f':5: security.capabilities.0: has the wrong form: "net_raw"\nfix: {CAPABILITIES}',
    ),
    "user by name": (
        LEAST + "security:\n  user: root",
        f':5: security.user: has the wrong form: "root"\nfix: {USER}',
    ),
    "user as number": (
        LEAST + "security:\n  user: 1000",
        f":5: security.user: must be text, not 1000\nfix: put it in quotes. {USER}",
    ),
    "yes, which is text in YAML 1.2": (
        LEAST + "security:\n  read_only: yes",
        f':5: security.read_only: must be true or false, not "yes"\nfix: {READ_ONLY}',
    ),
    "unknown mode": (
        LEAST + "router:\n  mode: udp",
        f":5: router.mode: must be 'http' or 'tcp', not \"udp\"\nfix: {MODE}",
    ),
    "text for a section": (
        LEAST + "health: /healthz",
        f':4: health: must be keys with values, not "/healthz"\nfix: {HEALTH}',
    ),
    "section without anything in it": (
        LEAST + "health:",
        f":4: health: must be keys with values, not null\nfix: {HEALTH}",
    ),
    "empty file": ("", ": is empty\nfix: start from the annotated reference, reference.yaml"),
    "nothing but a comment": (
        "# later\n",
        ": is empty\nfix: start from the annotated reference, reference.yaml",
    ),
    "list": ("- a", f': the document: must be keys with values, not ["a"]\nfix: {LINES}'),
    "one text": ("hello", f': the document: must be keys with values, not "hello"\nfix: {LINES}'),
    "two documents": (
        LEAST + "---\n" + LEAST,
        ":4: is not valid YAML: but found another document\nfix: mend the syntax there",
    ),
    "tab": (
        LEAST + "env:\n\tA: x",
        ":5: is not valid YAML: found character '\\t' that cannot start any token\n"
        "fix: indent with spaces",
    ),
    "bracket left open": (
        LEAST + "command: [a",
        ":4: is not valid YAML: expected ',' or ']', but got '<stream end>'\n"
        "fix: mend the syntax there",
    ),
    "control character": (
        LEAST + "env:\n  A: \x07",
        ":5: has the character U+0007, which YAML does not allow\nfix: delete it",
    ),
    "alias of nothing": (
        LEAST + "env: *base",
        ":4: is not valid YAML: found undefined alias 'base'\nfix: mend the syntax there",
    ),
    "tag": (
        LEAST + "env: !!python/object:os.system {}",
        ":4: env: has the tag !!python/object:os.system\nfix: leave the tag out",
    ),
    "number for a key": (
        LEAST + "env:\n  1: x",
        ':5: a key in env is not text\nfix: write "1"',
    ),
    "bool for a key": (
        LEAST + "true: x",
        ':4: a key in the document is not text\nfix: write "true"',
    ),
    "list for a key": (
        LEAST + "env:\n  ? [a]\n  : x",
        ":5: a key in env is not text\nfix: write a name",
    ),
    "too long a file": ("#" * 70_000, ": is 70000 bytes long\nfix: at most 65536 bytes are read"),
    "too deep": (
        LEAST + "env: " + "[" * 20 + "]" * 20,
        f": is too large or nested too deeply\nfix: {BOUNDS}",
    ),
    "deeper than a stack": (
        LEAST + "env: " + "[" * 5000 + "]" * 5000,
        ": is nested too deeply\nfix: at most 16 levels",
    ),
    "aliases that multiply": (BOMB, f": is too large or nested too deeply\nfix: {BOUNDS}"),
    "alias of itself": (
        LEAST + "env: &a\n  A: *a",
        f": is too large or nested too deeply\nfix: {BOUNDS}",
    ),
    "a strategy on which a default depends": (
        LEAST + "rollout:\n  strategy: cannary\n  drain: 30s",
        ":5: rollout.strategy: must be 'blue-green', 'canary', 'rolling' or 'recreate', "
        f'not "cannary"\nfix: {STRATEGY}',
    ),
    "several": (
        "service: Web\nimage: web:1\nport: 0\nhealth:\n  tims: 3",
        f':1: service: has the wrong form: "Web"\nfix: {SERVICE}\n'
        f"web.yaml:3: port: is too small: 0\nfix: {PORT}\n"
        "web.yaml:5: health.tims: unknown key\n"
        "fix: did you mean 'times'? allowed here: every, exec, http, tcp, times, within",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_spec_says_where_what_and_what_is_allowed(case: str):
    """Every way to be wrong gives one exact message, with exit code 2."""
    document, expected = WRONG[case]
    with pytest.raises(Wrong) as raised:
        read(document)
    assert "web.yaml" + expected == str(raised.value)
    assert raised.value.exit_code == 2


def test_very_many_problems_are_not_all_told():
    """Whoever feeds another kind of file sees the first twenty problems."""
    with pytest.raises(Wrong) as raised:
        read("".join(f"k{number}: 1\n" for number in range(30)))
    assert (20, "and 13 more") == (str(raised.value).count("\nfix: "), str(raised.value)[-11:])


def test_another_encoding_is_refused():
    """A file that is not UTF-8 says so instead of being guessed."""
    with pytest.raises(Wrong) as raised:
        read_text(LEAST.encode("utf-16"), "web.yaml", ServiceSpec)
    assert "web.yaml: is not UTF-8 at byte 0\nfix: save it as UTF-8" == str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path):
    """A path that is no file says so with the system's own reason."""
    path = tmp_path / "web.yaml"
    with pytest.raises(Wrong) as raised:
        read_spec(path)
    expected = f"{path}: cannot be read: No such file or directory\nfix: name a file that exists"
    assert expected == str(raised.value)


def test_a_folder_is_no_spec(tmp_path: Path):
    """A folder in place of a file says so."""
    with pytest.raises(Wrong, match="cannot be read: Is a directory"):
        read_spec(tmp_path)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("0o17", 15), ("0x10", 16), ("+3", 3), ("017", 17), ("!!str 3", None), ("1e1", None)],
)
def test_numbers_are_those_of_yaml_1_2(written: str, expected: int | None):
    """Octal needs 0o, a tag !!str makes text, and an exponent makes no whole number."""
    document = LEAST + f"replicas: {written}"
    if expected is None:
        with pytest.raises(Wrong, match="must be a whole number"):
            read(document)
    else:
        assert expected == read(document).replicas


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "y", "1_000", "1:30", "2024-01-01"])
def test_words_and_dates_are_text(word: str):
    """What other versions of YAML read as bool, number or date stays the text that was written."""
    assert {"A": word} == read(LEAST + f"env:\n  A: {word}").env


def test_an_older_version_of_yaml_changes_nothing():
    """A %YAML 1.1 directive does not bring its surprises back."""
    assert {"A": "no"} == read("%YAML 1.1\n---\n" + LEAST + "env:\n  A: no").env


def test_an_alias_is_followed():
    """One value may be written once and used twice."""
    assert ("a", "a") == read(LEAST + "command: [&x a, *x]").command


def test_the_least_spec_has_every_default():
    """Three keys are enough."""
    assert ServiceSpec(service="web", image="web:1", port=80) == read(LEAST)


def test_a_duration_has_one_written_form():
    """However a duration is written, identity() is the same, so the generation's name is."""
    by_seconds = read(LEAST + "health: {within: 30s}")
    by_milliseconds = read(LEAST + "health: {within: 30000ms}")
    assert by_seconds.identity() == by_milliseconds.identity()


@pytest.mark.parametrize(("written", "expected"), [("9ms", 0.009), ("1001ms", 1.001), ("1h", 3600)])
def test_a_duration_is_exact(written: str, expected: float):
    """Milliseconds are thousandths, whatever floating point makes of a product."""
    assert expected == seconds(written)


# The reference file.


def test_the_reference_can_be_read():
    """The annotated reference is itself a spec."""
    assert "web" == read_spec(REFERENCE).service


def test_the_reference_has_every_key_once():
    """Each key of the models stands in the reference; of the kinds of health, two as comments."""
    text = REFERENCE.read_text().replace("# tcp:", "tcp:").replace("# exec:", "exec:")
    keys = re.findall(r"^ *([a-z_]+):(?: |$)", text, re.MULTILINE)
    assert sorted(_keys(ServiceSpec)) == sorted(keys)


def test_the_reference_tells_the_true_defaults():
    """Every remark "default:" says what the models say."""
    said = dict(_said_defaults())
    assert {key: _told(key, value) for key, value in _defaults(ServiceSpec)} == said


def test_the_schema_is_up_to_date():
    """The schema for editors is generated, and somebody remembered to."""
    command = (
        'python -c "from rehouse.components.spec import json_schema; '
        f"print(json_schema(), end='')\" > {SCHEMA.relative_to(SCHEMA.parents[2])}"
    )
    assert json_schema() == SCHEMA.read_text(), f"regenerate it: {command}"


def test_the_schema_knows_every_key_with_words():
    """An editor can show a description and an example for each key."""
    parts = [json.loads(json_schema()), *json.loads(json_schema())["$defs"].values()]
    fields = {name: field for part in parts for name, field in part["properties"].items()}
    silent = [
        name
        for name, field in fields.items()
        if "examples" not in field or not {"description", "$ref"} & {*field}
    ]
    assert not silent


def read(document: str) -> ServiceSpec:
    return read_text(document.encode(), "web.yaml", ServiceSpec)


def _models(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    kinds = {name: field.annotation for name, field in model.model_fields.items()}
    return {
        name: kind
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }


def _keys(model: type[BaseModel]) -> list[str]:
    return [
        *model.model_fields,
        *(key for inner in _models(model).values() for key in inner.model_fields),
    ]


def _defaults(model: type[BaseModel], before: str = "") -> list[tuple[str, Any]]:
    """Dotted key and default, for keys that have one, without the kinds of health and the sections."""
    inner = _models(model)
    found = []
    shown = model.model_construct().model_dump(mode="json")
    for name, field in model.model_fields.items():
        if name in inner:
            found += _defaults(inner[name], f"{name}.")
        elif not field.is_required() and f"{before}{name}" not in UNTOLD:
            found.append((f"{before}{name}", shown[name]))
    return found


# The kinds of health tell their default together; volumes are not there yet.
UNTOLD = ("health.http", "health.tcp", "health.exec", "volumes")
WORDS = {
    "command": "the image's",
    "security.user": "the image's own user",
    "router.publish": "the service's port",
    "router.unavailable": "HAProxy's own",
    "rollout.max_latency": "not watched",
    "rollout.pause": "60s for a canary",
}


def _told(key: str, value: Any) -> str:
    if key in WORDS:
        assert value in (None, "0s")
        return WORDS[key]
    if value in ({}, []):
        return "none"
    return value if isinstance(value, str) else json.dumps(value)


def _said_defaults() -> list[tuple[str, str]]:
    """From a remark at the end of a key's line, or in the lines before it."""
    said, section, waiting = [], "", ""
    for line in REFERENCE.read_text().splitlines():
        remark = re.search(r"default: (.*)$", line)
        key = re.match(r"( *)([a-z_]+):", line)
        if not key:
            waiting = remark[1] if remark else waiting
            continue
        section = section if key[1] else key[2]
        name = f"{section}.{key[2]}" if key[1] else key[2]
        told, waiting = (remark[1] if remark else waiting), ""
        if told and name != "health":
            said.append((name, told))
    return said


def test_the_reference_tells_the_default_health():
    """Where no kind of health is given it is tcp, as the reference says."""
    text = REFERENCE.read_text()
    assert "# How an instance shows that it is well. default: tcp\nhealth:" in text
    health = read(LEAST).health
    assert [None] * 3 == [health.http, health.tcp, health.exec]


def test_the_reference_is_also_what_other_readers_of_yaml_see():
    """Nothing in the reference means something else to an ordinary reader of YAML."""
    plain = YAML(typ="safe", pure=True).load(REFERENCE.read_text())
    assert read_spec(REFERENCE) == ServiceSpec.model_validate_json(json.dumps(plain))
