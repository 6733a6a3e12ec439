"""The same look again and again, until somebody has seen enough."""

import signal
import time
from collections.abc import Callable

from rich.control import Control
from rich.text import Text

from rehouse.cli.output import stdout
from rehouse.cli.signals import SIGNALS

EVERY = 2  # seconds


def again_and_again(look: Callable[[], None]) -> None:
    """On a terminal on a screen of its own, elsewhere one after the other. Ctrl-C ends it, and is no error."""
    try:
        _painted(look) if stdout.is_terminal else _repeated(look)
    except KeyboardInterrupt:
        if SIGNALS.first != signal.SIGINT:
            raise
        SIGNALS.first = 0


def _painted(look: Callable[[], None]) -> None:
    with stdout.screen():
        while True:
            with stdout.capture() as seen:
                look()
            stdout.control(Control.clear(), Control.home())
            stdout.print(
                Text.from_ansi(seen.get()), Text("every 2 s, until Ctrl-C", style="dim"), sep="\n"
            )
            time.sleep(EVERY)


def _repeated(look: Callable[[], None]) -> None:
    while True:
        look()
        time.sleep(EVERY)
