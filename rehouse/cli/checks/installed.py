"""Whether the programs that a rollout runs are installed, in the versions that belong together."""

import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rehouse.cli.checks.needs import Need, look
from rehouse.components.errors import OutOfReach

PYTHON = (3, 11)
PLUGINS = ("docker", "libvirt")
SECONDS = 30


def installed(environment: Mapping[str, str]) -> list[Need]:
    """Python, the engine, and the plugin of each provider whose package is here."""
    folder = Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi", "plugins")
    wanted = {name: number for name in PLUGINS if (number := _version(f"pulumi-{name}"))}
    return [
        look("python", lambda: _python(platform.python_version())),
        look("pulumi", lambda: _pulumi(environment, version("pulumi"))),
        *(_plugin(folder, name, number) for name, number in wanted.items()),
    ]


def _plugin(folder: Path, name: str, number: str) -> Need:
    program = folder / f"resource-{name}-v{number}" / f"pulumi-resource-{name}"
    if shutil.which(program):
        return Need(f"plugin {name}", number)
    fix = f"pulumi plugin install resource {name} {number}"
    return Need(f"plugin {name}", f"{number} is not in {folder}", fix)


def _python(number: str) -> str:
    if _numbers(number) < PYTHON:
        raise OutOfReach("python", f"{number} is too old", "install Python 3.11 or later")
    return number


def _pulumi(environment: Mapping[str, str], wanted: str) -> str:
    fix = f"install Pulumi {wanted}: https://www.pulumi.com/docs/install/"
    program = shutil.which("pulumi", path=environment.get("PATH"))
    if not program:
        raise OutOfReach("pulumi", "is not in PATH", fix)
    found = _asked(program, environment)
    if _numbers(found) < _numbers(wanted):
        raise OutOfReach("pulumi", f"{found} at {program} is older than its SDK, {wanted}", fix)
    return found


def _asked(program: str, environment: Mapping[str, str]) -> str:
    quiet = {**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    command = [program, "version"]
    ended = subprocess.run(command, env=quiet, capture_output=True, text=True, timeout=SECONDS)
    if ended.returncode:
        reason = ended.stderr.strip() or f"exit status {ended.returncode}"
        raise OutOfReach("pulumi", f"{program} cannot say its version: {reason}", "install it anew")
    return ended.stdout.strip().removeprefix("v")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
