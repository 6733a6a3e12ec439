"""`python -m engine`: builds the engine if there is none, and says where it is; or runs a command with it."""

import argparse
import os
import signal
import sys
import time

from engine import build, go, home

OUT_OF_REACH = 13


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m engine", description=__doc__)
    parser.add_argument("--where", action="store_true", help="print its folder, build nothing")
    parser.add_argument("--go", action="store_true", help="print a Go that is new enough")
    parser.add_argument("command", nargs="*", help="run with the engine: -- pulumi stack ls")
    wanted = parser.parse_args()
    # A SIGTERM must unwind as Ctrl-C does, so that an unfinished build is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        if wanted.command:
            return _run(wanted.command)
        return _say_where() if wanted.where else _say_go() if wanted.go else _ensure()
    except home.EngineError as error:
        print(error, file=sys.stderr)
        return OUT_OF_REACH


def _run(command: list[str]) -> int:
    """Only returns where there is no such command."""
    try:
        os.execvpe(command[0], command, home.complete_environment(os.environ))  # noqa: S606
    except FileNotFoundError:
        print(f"{command[0]}: no such command", file=sys.stderr)
        return 127


def _say_where() -> int:
    print(home.ready_engine().bin.parent)
    return 0


def _say_go() -> int:
    print(go.find(lambda line: print(line, file=sys.stderr)))
    return 0


def _ensure() -> int:
    started = time.monotonic()
    engine = build.ensure(lambda line: print(line, flush=True))
    print(f"engine: {engine.bin.parent}, ready after {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
