"""Whether the environment variables let an update be what the stack says."""

from collections.abc import Mapping
from pathlib import Path

from rehouse.cli.checks.needs import Need, look
from rehouse.components.errors import OutOfReach
from rehouse.components.service import FORBIDDEN

PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105  # a name, and so is the next
PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE_FILE"  # noqa: S105


def surroundings(settings: list[Path], environment: Mapping[str, str]) -> list[Need]:
    """*settings* are the files of the stack that is meant, or of all where none is."""
    return [
        *_overrides(environment),
        look("passphrase", lambda: _passphrase(settings, environment)),
    ]


def _overrides(environment: Mapping[str, str]) -> list[Need]:
    said = "is set and would override what the stack says"
    set_ = [name for name in FORBIDDEN if environment.get(name)]
    return [Need(f"variable {name}", said, f"unset {name}") for name in set_] or [
        Need("variables", "none overrides what the stack says")
    ]


def _passphrase(settings: list[Path], environment: Mapping[str, str]) -> str:
    if PASSPHRASE in environment:
        return f"{PASSPHRASE} is set"
    if file := environment.get(PASSPHRASE_FILE):
        return _in_file(Path(file))
    if not _is_needed([file.read_text() for file in settings], environment):
        return "not needed"
    what = "is needed for the secrets of the stack, and not set"
    raise OutOfReach("passphrase", what, f"export {PASSPHRASE_FILE}=FILE")


def _in_file(file: Path) -> str:
    try:
        file.read_bytes()
    except OSError as error:
        what = f"{PASSPHRASE_FILE}={file} cannot be read: {error.strerror}"
        raise OutOfReach("passphrase", what, f"export {PASSPHRASE_FILE}=FILE") from error
    return f"in {file}"


def _is_needed(settings: list[str], environment: Mapping[str, str]) -> bool:
    """A stack says it by its salt; a new one in a backend of one's own will, unless it names another provider."""
    if any("encryptionsalt:" in text for text in settings):
        return True
    backend = environment.get("PULUMI_BACKEND_URL") or "https://"
    return not backend.startswith("http") and not any("secretsprovider:" in t for t in settings)
