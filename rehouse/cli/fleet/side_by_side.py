"""Commands side by side, one for each stack and so many at a time: each is as if it had been called alone.

They are processes of their own, because a rollout owns its process: signals, the program's environment, the engine.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import IO, Any, Protocol

from rehouse.cli.fleet.ended import Ended, ended
from rehouse.cli.signals import SIGNALS

LINE = 1 << 24  # bytes at most of one line that is told
LAST_WORDS = 1.0  # seconds after its end: a hook's own child may keep the pipe open for ever
LASTS = ("end", "error")
Process = subprocess.Popen[bytes]


class Watch(Protocol):
    """Is told what goes on."""

    def begins(self, stack: str) -> None: ...
    def event(self, stack: str, facts: dict[str, Any]) -> None: ...
    def said(self, stack: str, text: str) -> None: ...
    def heard(self, number: int) -> None: ...
    def ended(self, ended: Ended) -> None: ...


def side_by_side(
    stacks: Sequence[str], command_of: Callable[[str], Sequence[str]], most: int, watch: Watch
) -> list[Ended]:
    """All of them to their end, in this order begun. What becomes of one is nothing to the others.

    A signal is passed on to all that have begun, and after it none is begun any more.
    """
    with SIGNALS.meant_for_a_child(update=True):
        return asyncio.run(_Fleet(command_of, most, watch).run(stacks))


class _Fleet:
    def __init__(self, command_of: Callable[[str], Sequence[str]], most: int, watch: Watch) -> None:
        self._command_of, self._watch = command_of, watch
        self._slots = asyncio.Semaphore(most)
        self._running: set[Process] = set()
        self._stops = False

    async def run(self, stacks: Sequence[str]) -> list[Ended]:
        self._loop = asyncio.get_running_loop()
        SIGNALS.tell(self)
        return list(await asyncio.gather(*map(self._in_turn, stacks)))

    def send_signal(self, _number: int) -> None:
        """Called between any two instructions; the loop then does it between two of its tasks."""
        self._loop.call_soon_threadsafe(self._hear)

    def _hear(self) -> None:
        self._stops = True
        self._watch.heard(SIGNALS.first)
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(SIGNALS.first)  # so that it ends with the status of that one

    async def _in_turn(self, stack: str) -> Ended:
        async with self._slots:
            how = Ended(stack) if self._stops else await self._run(stack)
            self._watch.ended(how)
            return how

    async def _run(self, stack: str) -> Ended:
        self._watch.begins(stack)
        began = time.monotonic()
        process = _started(self._command_of(stack))
        self._running.add(process)
        last = await self._followed(stack, process)
        self._running.discard(process)
        code = process.wait()
        seconds = round(time.monotonic() - began, 3)
        return ended(stack, 128 - code if code < 0 else code, seconds, last)

    async def _followed(self, stack: str, process: Process) -> dict[str, Any] | None:
        """To its end; the last line of those that it told."""
        last: list[dict[str, Any]] = []
        async with _lines(process.stdout) as out, _lines(process.stderr) as err:
            reading = [
                asyncio.create_task(self._events(stack, out, last)),
                asyncio.create_task(self._words(stack, err)),
            ]
            await _end(process)
            await asyncio.wait(reading, timeout=LAST_WORDS)
            for each in reading:
                each.cancel()
        return next(iter(last), None)

    async def _events(
        self, stack: str, lines: asyncio.StreamReader, last: list[dict[str, Any]]
    ) -> None:
        async for line in lines:
            facts = _facts(line)
            if facts is None:
                self._watch.said(stack, line.decode(errors="replace").rstrip())
            elif facts.get("event") in LASTS:
                last.append(facts)
            else:
                self._watch.event(stack, facts)

    async def _words(self, stack: str, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            self._watch.said(stack, line.decode(errors="replace").rstrip())


def _started(command: Sequence[str]) -> Process:
    """In a session of its own: a terminal tells all of a session, and they would hear it twice."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


async def _end(process: Process) -> None:
    """Until it has ended, whoever else keeps its pipes open."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    handle = os.pidfd_open(process.pid)
    try:
        loop.add_reader(handle, over.set)
        await over.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)


@contextlib.asynccontextmanager
async def _lines(pipe: IO[bytes] | None) -> AsyncIterator[asyncio.StreamReader]:
    reader = asyncio.StreamReader(LINE)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        yield reader
    finally:
        transport.close()


def _facts(line: bytes) -> dict[str, Any] | None:
    """None for what something else has printed: one that is not read to its end never ends."""
    with contextlib.suppress(ValueError):
        return dict(json.loads(line))
    return None
