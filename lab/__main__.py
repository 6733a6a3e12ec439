"""The lab's commands: up, run, down, status, build."""

import argparse
import signal
import sys
import time
from collections.abc import Callable

from lab import cache, entering, estate
from lab.errors import LabError
from lab.places import Places, default_name


def main() -> int:
    # Raised as an exception, so that half a lab is taken down on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # A shell's background jobs ignore it, and so would all that is started here; the engine waits 5 s for each
    # plugin that does not hear it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    arguments = _parser().parse_args()
    try:
        return _VERBS[arguments.verb](arguments)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def up(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    places = Places(arguments.name)
    raised = estate.up(places, _say, libvirt=arguments.libvirt)
    _say(f"lab {places.name}: {'up' if raised else 'was up'}, {_since(began)}")
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Bring the lab up if need be, and take down what was brought up."""
    command = _command(arguments.command)
    places = Places(arguments.name)
    with estate.visit(places, _say, libvirt=arguments.libvirt, keep=arguments.keep) as state:
        return entering.run(places, state.first, command)


def _command(words: list[str]) -> list[str]:
    command = words[1:] if words[:1] == ["--"] else words
    if not command:
        raise LabError("lab run", "no command", "python -m lab run -- COMMAND")
    return command


def down(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    places = Places(arguments.name)
    estate.down(places)
    _say(f"lab {places.name}: down, {_since(began)}")
    return 0


def status(arguments: argparse.Namespace) -> int:
    """0 when it is up, 1 when it is not."""
    places = Places(arguments.name)
    state = estate.standing(places)
    if state is None:
        _say(f"lab {places.name}: not up\nfix: python -m lab up")
        return 1
    _say(f"lab {places.name}: up\nfirst process: {state.first.pid}\nlogs: {places.logs}")
    return 0


def build(_arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    _say(f"{cache.build()}: {_since(began)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("--name", default=default_name(), help="another lab than this checkout's")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, verb in _VERBS.items():
        verbs.add_parser(name, help=_HELP[name], description=verb.__doc__)
    for name in ("up", "run"):
        verbs.choices[name].add_argument("--libvirt", action="store_true", help="with libvirt")
    verbs.choices["run"].add_argument("--keep", action="store_true", help="leave the lab up")
    verbs.choices["run"].add_argument("command", nargs=argparse.REMAINDER, help="what to run")
    return parser


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.2f} s"


_VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": up,
    "run": run,
    "down": down,
    "status": status,
    "build": build,
}
_HELP = {
    "up": "raise the lab, unless it stands",
    "run": "run a command inside, in a lab of its own if none stands",
    "down": "leave nothing of it",
    "status": "say whether it stands",
    "build": "build the example service and the images ahead of time",
}

if __name__ == "__main__":
    sys.exit(main())
