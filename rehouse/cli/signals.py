"""What SIGINT, SIGTERM and SIGHUP do: nothing that was begun is left behind half done."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Protocol

HEEDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signalled(KeyboardInterrupt):
    """A signal came before any update had begun."""


class Hearing(Protocol):
    """Whoever is to be told."""

    def send_signal(self, number: int, /) -> None: ...


class Signals:
    """Those of this process: there is one of it, as there is one handler for each signal.

    While a child runs, it gets each signal as SIGINT: the engine's own rules are that the first asks it to finish
    what it is doing, the second to stop now. Otherwise a signal ends the command, until an update has begun: from
    then on what comes between two updates is for the second one, because that finishes or undoes the first.
    """

    def __init__(self) -> None:
        self.first = 0  # the first that came, 0 for none
        self._heard: list[int] = []
        self._told = 0
        self._child: Hearing | None = None
        self._ask: Callable[[], object] = _nobody
        self._child_is_due = False
        self._begun = False

    def heed(self) -> None:
        """From now on, but for what is ignored already, as under nohup. Only the main thread gets signals."""
        if _is_main_thread():
            for each in HEEDED:
                ignored = signal.getsignal(each) is signal.SIG_IGN
                signal.signal(each, _overheard if ignored else self._handle)

    @contextlib.contextmanager
    def meant_for_a_child(self, update: bool) -> Iterator[list[int]]:
        """Those that come meanwhile; none for what an update that has begun still has to read."""
        if not _is_main_thread() or (self._begun and not update):
            yield []
            return
        self._begun, self._child_is_due = self._begun or update, True
        try:
            yield self._heard
        finally:
            self._child_is_due, self._child = False, None
            self._heard, self._told = [], 0

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Those that come meanwhile end nothing, and no child hears of them: something is being put back.

        For a command that is ending anyway: before an update has begun they are forgotten.
        """
        begun, self._begun = self._begun, True
        try:
            yield
        finally:
            self._begun = begun
            if not begun:
                self._heard = []

    def tell(self, child: Hearing, ask: Callable[[], object] | None = None) -> None:
        """It gets those that have come, and those that will; *ask* tells those whom it does not tell itself."""
        if self._child_is_due and _is_main_thread():
            self._child, self._ask = child, ask or _nobody
            self._pass_on()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self.first = self.first or number
        if not self._begun and not self._child_is_due:
            raise Signalled(number)
        self._heard.append(number)
        self._pass_on()

    def _pass_on(self) -> None:
        while self._child and self._told < len(self._heard):
            self._told += 1
            self._ask()
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(signal.SIGINT)


def _overheard(_number: int, _frame: FrameType | None) -> None:
    """As ignored, but not for children: the engine ends its plugins by SIGINT, and gives a deaf one 5 s each time."""


def _nobody() -> None:
    """Waits for anything."""


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


SIGNALS = Signals()
