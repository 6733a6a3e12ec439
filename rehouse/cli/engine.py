"""The Pulumi engine as the commands use it: the only module that knows its Automation API."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rehouse.cli import process
from rehouse.cli.eventlog import OnEvent, events, followed
from rehouse.cli.outcome import Outcome, reason_of, told_by
from rehouse.cli.output import stderr
from rehouse.cli.process import Ended
from rehouse.cli.project import project_name
from rehouse.cli.quiet import quiet
from rehouse.cli.reality.inventory import root_of
from rehouse.cli.signals import Signalled
from rehouse.cli.state.backend import Backend
from rehouse.cli.state.contest import NotBegun, break_dead, settled, won
from rehouse.cli.state.damage import ANSWERS
from rehouse.cli.state.in_clear import must_not_be_recorded
from rehouse.cli.state.ledgers import ledgers_in
from rehouse.cli.state.locks import Lock
from rehouse.cli.state.unproven import suspects, unproven
from rehouse.components import notes, order
from rehouse.components.errors import Contested, OutOfReach
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order
from rehouse.components.scratch import scratch

INSTALL = "install Pulumi 3.259 or later"
NOTHING: Mapping[str, str] = {}


class Engine:
    """One stack of one project."""

    def __init__(self, folder: Path, stack: str | None) -> None:
        self._folder, self._stack = folder, stack
        self._pulumi = _pulumi()
        self._backend = Backend(folder, stack, self._answer)

    def ledgers(self) -> dict[str, Ledger]:
        """Service to ledger, as the last update left them. Unreadable is never taken for empty."""
        words = "stack", "output", "--json", "--show-secrets"
        ended = self._read(words, self._backend.why_sealed)
        return ledgers_in(json.loads(ended.stdout or "{}"), self._backend.why_unknown)

    def up(
        self,
        wanted: Order | None = None,
        on_event: OnEvent | None = None,
        seconds: float | None = None,
    ) -> Outcome:
        """One update; it ends as the order says, or as the spec says where there is none.

        One that takes longer than so many *seconds*, or than the deadline of what it deploys where they are not given,
        is asked to end; its error then says so.
        """
        must_not_be_recorded(self._folder, self.stack_name)
        return self._operate(["up", "--yes", "--skip-preview"], wanted, on_event, seconds)

    def preview(self, wanted: Order | None = None) -> Outcome:
        def attempt() -> Outcome:
            return self._once(["preview"], wanted, None, update=False)

        return settled(attempt, self._backend.locks_in_folder)

    def destroy(self, on_event: OnEvent | None = None) -> Outcome:
        return self._operate(["destroy", "--yes", "--skip-preview"], None, on_event)

    def refresh(self, urns: Iterable[str]) -> Outcome:
        """Takes out of the state what of these does not exist any more. Raises Contested, also for none of them."""
        named = [word for urn in urns for word in ("--target", urn)]
        return self._operate(["refresh", "--yes", "--skip-preview", *named], None, None)

    def deployment(self) -> dict[str, Any]:
        """What the state knows, and what it was in the middle of; secrets stay encrypted."""
        return dict(self._json("stack", "export")["deployment"])

    def resources(self) -> list[dict[str, Any]]:
        return self.deployment().get("resources") or []

    def label(self) -> str:
        """What the label rehouse.stack says on everything of this stack: project/stack."""
        return f"{project_name(self._folder)}/{self.stack_name().rpartition('/')[2]}"

    def config(self) -> dict[str, Any]:
        """Key to value, without those that are secret."""
        found = self._json("config", "--json")
        return {key: each.get("objectValue", each.get("value")) for key, each in found.items()}

    def set_config(self, key: str, value: str | None) -> None:
        """None takes the key away."""
        words = ("rm", key) if value is None else ("set", key, value)
        self._succeed("config", *words)

    def cancel(self) -> None:
        """Takes the lock away, whoever holds it."""
        self._succeed("cancel", "--yes")

    def stack_name(self) -> str:
        named = self._stack or os.environ.get("PULUMI_STACK")
        return named or self._succeed("stack", "--show-name").stdout.strip()

    def stacks(self) -> list[str]:
        """Names of all that the project has."""
        return [each["name"] for each in json.loads(self._succeed("stack", "ls", "--json").stdout)]

    def locks(self) -> list[Lock] | None:
        """Who holds the stack; None where the backend keeps that to itself."""
        return self._backend.locks()

    def _operate(
        self,
        args: list[str],
        wanted: Order | None,
        on_event: OnEvent | None,
        seconds: float | None = None,
    ) -> Outcome:
        """Raises Contested where somebody else has the stack, and NotBegun where it came to nothing."""
        self._backend.must_have_room()
        break_dead(self._backend.locks_at_hand())  # or it is met by a whole start of the engine

        def attempt() -> Outcome:
            return self._once(args, wanted, on_event, True, seconds)

        outcome = won(attempt, self.locks, self.stack_name)
        if self._taken_away(suspects(outcome)):
            outcome = won(attempt, self.locks, self.stack_name)
        if outcome.well and outcome.warned():
            from rehouse.cli.state.leftovers import clear  # seldom, and Docker's client is large

            clear(self, self._had_alone)
        return outcome

    def _taken_away(self, names: set[str]) -> bool:
        """Whether there was something, and it is gone; what has traffic stays: the router depends on it."""
        urns = unproven(names, self.resources()) if names else []
        if not urns:
            return False
        what = "was being raised or retired when an update was killed: it is raised anew"
        stderr.print(f"{', '.join(sorted(names))} {what}", markup=False)
        named = [word for urn in urns for word in ("--target", urn)]
        return self._operate(["destroy", "--yes", "--skip-preview", *named], None, None).well

    def _had_alone(self, *more: str) -> None:
        """Nobody else is changing the stack at this moment; nothing is looked at. Raises Contested."""
        named = [word for urn in root_of(self.resources()) for word in ("--target", urn)]
        words = "refresh", "--yes", "--skip-preview", *more, *named
        self._done(words, self._backend.why, update=True)

    def _once(
        self,
        args: list[str],
        wanted: Order | None,
        on_event: OnEvent | None,
        update: bool,
        seconds: float | None = None,
    ) -> Outcome:
        with scratch() as made:
            log, told = made.folder / "events", made.folder / "notes"
            environment = {notes.VARIABLE: str(told), "PULUMI_DEBUG_COMMANDS": "true"}
            if wanted:
                environment[order.VARIABLE] = wanted.model_dump_json()

            def limit() -> float | None:
                return notes.deadline(told) if seconds is None else seconds

            with followed((told, log), on_event):
                words = [*args, "--event-log", str(log)]
                ask = partial(notes.ask_to_end, told)
                ended = self._run(words, environment, update, limit, (made.claim,), ask)
            outcome = Outcome(ended, events(log), notes.read_notes(told))
        if not outcome.begun and not outcome.interrupted:
            _must_be_usable()
            self._backend.must_be_yaml()
            raise NotBegun("engine", outcome.said(), ANSWERS)
        return outcome

    def _json(self, *args: str) -> dict[str, Any]:
        return dict(json.loads(self._succeed(*args).stdout or "{}"))

    def _succeed(self, *args: str) -> Ended:
        return self._read(args, self._backend.why)

    def _read(self, args: Sequence[str], why: Callable[[str, bool], Exception]) -> Ended:
        """Also what may be done twice: it is, where the state was met half written."""

        def attempt() -> Ended:
            return self._done(args, why)

        return settled(attempt, self._backend.locks_in_folder)

    def _done(
        self, args: Sequence[str], why: Callable[[str, bool], Exception], update: bool = False
    ) -> Ended:
        ended = self._run(list(args), {}, update)
        if ended.code:
            raise why(reason_of(ended), _is_unknown(ended))
        return ended

    def _answer(self, *args: str) -> str | None:
        ended = self._run(list(args))
        return None if ended.code else ended.stdout

    def _run(
        self,
        args: list[str],
        environment: Mapping[str, str] = NOTHING,
        update: bool = False,
        limit: Callable[[], float | None] = lambda: None,
        claims: Sequence[int] = (),
        ask: Callable[[], object] = lambda: None,
    ) -> Ended:
        """Raises Contested, and Signalled while nothing had begun; any other failure is the caller's to judge."""
        of_stack = self._stack is not None and args[0] != "whoami"
        words = [*args, *(["--stack", str(self._stack)] if of_stack else [])]
        command = [self._pulumi, "--non-interactive", *words]
        always = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_AUTOMATION_API": "true"}
        # The interpreter that has this package, unless somebody chose one: Pulumi would take any python3.
        own = {"PULUMI_PYTHON_CMD": sys.executable, **os.environ}
        everything = {**quiet(own), **always, **environment}
        ended = process.run(command, self._folder, everything, update, limit, claims, ask)
        if ended.interrupted and not update:
            raise Signalled(ended.interrupted)
        if ended.code:
            _judge(ended)
        return ended


def _judge(ended: Ended) -> None:
    from pulumi.automation import ConcurrentUpdateError  # large, as below: only what fails needs it

    if isinstance(_kind(ended), ConcurrentUpdateError):
        fix = "wait until it has ended; rehouse unlock says more"
        raise Contested("stack", told_by(ended), fix)


def _is_unknown(ended: Ended) -> bool:
    from pulumi.automation import StackNotFoundError

    return isinstance(_kind(ended), StackNotFoundError)


def _kind(ended: Ended) -> Exception:
    from pulumi.automation import CommandResult
    from pulumi.automation.errors import create_command_error

    return create_command_error(CommandResult(ended.stdout, ended.stderr, ended.code))


def _pulumi() -> str:
    program = shutil.which("pulumi")
    if program is None:
        raise OutOfReach("engine", "pulumi is not in PATH", INSTALL)
    return program


def _must_be_usable() -> None:
    """Asked only where it has failed: it takes a process more."""
    from pulumi.automation import InvalidVersionError, PulumiCommand

    try:
        PulumiCommand()
    except (OSError, subprocess.CalledProcessError, InvalidVersionError) as error:
        raise OutOfReach("engine", f"pulumi cannot be used: {error}", INSTALL) from error
