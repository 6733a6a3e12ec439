"""The values of secrets, asked for at the last moment: what the environment has, what a command prints."""

import os
import select
import shlex
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress

from rehouse.components.errors import OutOfReach, Wrong
from rehouse.components.sources import Secrets, Source, how_to_set

MAX_BYTES = 512 * 1024
CHUNK = 64 * 1024
# Pulumi gives its program all of the configuration in these, in clear.
WITHHELD = ("PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS")


def values_of(names: Iterable[str], secrets: Secrets) -> dict[str, str]:
    """The values of those *names* that are given, asked for one after the other.

    Raises Wrong where a value is missing or cannot be used, OutOfReach where a command does not give it.
    """
    return {name: _value(name, secrets[name]) for name in names if name in secrets}


def _value(name: str, given: str | Source) -> str:
    if not isinstance(given, Source):
        return given
    if given.command:
        return _text(name, f"what {_program(given)} prints", _printed(name, given))
    return _text(name, f"environment variable {given.env}", _found(name, given.env or ""))


def _found(name: str, variable: str) -> bytes:
    value = os.environb.get(variable.encode())
    if value is None:
        fix = f"set it where the update runs, or keep the value in the stack: {how_to_set(name)}"
        raise Wrong(f"secret {name}", f"environment variable {variable} is not set here", fix)
    return value


def _text(name: str, what: str, value: bytes) -> str:
    """CI systems pass a secret that they do not have as an empty variable: nothing is no value."""
    if not value:
        raise Wrong(f"secret {name}", f"{what} is empty", "give it the value, or another source")
    if len(value) > MAX_BYTES:
        fix = "a secret is a password or a key; what is larger belongs into the image"
        raise Wrong(f"secret {name}", f"{what} is larger than {MAX_BYTES // 1024} KiB", fix)
    try:
        return value.decode()
    except UnicodeDecodeError:
        fix = "encode it, for example with base64, and let the service decode it"
        raise Wrong(f"secret {name}", f"{what} is no UTF-8 text", fix) from None


def _printed(name: str, source: Source) -> bytes:
    """Without the newline that ends it. What else the command says is not shown: it may have the value."""
    until = time.monotonic() + source.within
    process = _started(name, source)
    try:
        value = _read(process, until)
        status = 0 if len(value) > MAX_BYTES else process.wait(_left(until))
    except (TimeoutError, subprocess.TimeoutExpired):
        what = f"{_program(source)} has not ended within {source.within:g} s"
        fix = "see that it asks nobody: it has no terminal and no input; or give it longer, like within: 2m"
        raise OutOfReach(f"secret {name}", what, fix) from None
    finally:
        _end(process)
    if status:
        what = f"{_program(source)} ended with status {status}; what it said may have the value, and is not shown"
        raise OutOfReach(f"secret {name}", what, f"run it by hand: {_shown(name)}")
    return value.removesuffix(b"\n")


def _started(name: str, source: Source) -> "subprocess.Popen[bytes]":
    """In a session of its own, so that all of it can be ended."""
    try:
        return subprocess.Popen(
            source.command or (),
            env={key: each for key, each in os.environ.items() if key not in WITHHELD},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        what = f"{_program(source)} cannot be run: {error.strerror}"
        fix = f"install it where the update runs, or mend its words: {_shown(name)}"
        raise OutOfReach(f"secret {name}", what, fix) from None


def _read(process: "subprocess.Popen[bytes]", until: float) -> bytes:
    """To its end, or until it is more than a secret can be. Raises TimeoutError."""
    assert process.stdout
    value, waiting = b"", select.poll()
    waiting.register(process.stdout, select.POLLIN)
    while len(value) <= MAX_BYTES:
        if not waiting.poll(_left(until) * 1000):
            raise TimeoutError
        chunk = os.read(process.stdout.fileno(), CHUNK)
        if not chunk:
            break
        value += chunk
    return value


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Where it has not ended by itself, with all that it started."""
    assert process.stdout
    process.stdout.close()
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _left(until: float) -> float:
    return max(0.0, until - time.monotonic())


def _program(source: Source) -> str:
    """Its name alone: an argument may be what should have been kept secret."""
    return f"command {(source.command or ('',))[0]}"


def _shown(name: str) -> str:
    return f"pulumi config get --path {shlex.quote(f'secrets.{name}.command')} shows them"
