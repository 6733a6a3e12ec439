"""An engine with hooks around it: those before an update may refuse it, those after are told what came of it."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from rich.text import Text

from rehouse.cli.eventlog import OnEvent
from rehouse.cli.output import stderr
from rehouse.cli.process import printed
from rehouse.cli.rollout import updates
from rehouse.cli.rollout.hooks import (
    Facts,
    Hooks,
    due_at_the_end,
    due_before,
    has_booted,
    is_change,
)
from rehouse.cli.rollout.updates import Result, foreseen, previewed
from rehouse.cli.view.news import Hook, as_event
from rehouse.components.errors import Refused, RehouseError
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order
from rehouse.components.performer import performer


class Engine(updates.Engine, Protocol):
    """As much of the engine as a rollout and its hooks need."""

    def resources(self) -> list[dict[str, Any]]: ...
    def stack_name(self) -> str: ...


@contextmanager
def hooked(
    engine: Engine,
    hooks: Hooks,
    command: str,
    on_event: OnEvent,
) -> Iterator[Engine]:
    """The same engine, with the *hooks* run around what it does; without any, the engine itself.

    Raises Refused where one before the rollout fails: nothing was touched then.
    """
    if not hooks.programs:
        yield engine
        return
    facts = Facts(command, engine.stack_name(), performer())
    around = Hooked(engine, Runner(hooks, on_event), facts)
    around.connect()
    try:
        yield around
    except RehouseError as error:
        around.end(error)
        raise
    around.end(None)


class Hooked:
    """An engine: what it is asked for tells which hooks are due."""

    def __init__(self, engine: Engine, runner: "Runner", facts: Facts) -> None:
        self._engine, self._runner, self._facts = engine, runner, facts
        self._began = time.monotonic()
        self._ledgers: dict[str, Ledger] | None = None  # not read yet
        self._planned: dict[str, Any] = {}
        self._changes = self._boots = False

    def connect(self) -> None:
        self._before("pre-connect")

    def ledgers(self) -> dict[str, Ledger]:
        self._ledgers = self._engine.ledgers()
        return self._ledgers

    def resources(self) -> list[dict[str, Any]]:
        return self._engine.resources()

    def stack_name(self) -> str:
        return self._engine.stack_name()

    def preview(self, wanted: Order | None = None) -> Result:
        return self._engine.preview(wanted)

    def up(
        self,
        wanted: Order | None = None,
        on_event: OnEvent | None = None,
        seconds: float | None = None,
    ) -> Result:
        if wanted and wanted.kind == "deploy":
            self._planned = previewed(self._engine, wanted).facts(wanted.service)
        self._learn(wanted)
        standing = self._foreseen(wanted)
        for hook in due_before(wanted, standing, self._last()):
            self._before(hook)
            self._boots = self._boots or hook == "pre-app-boot"
        self._changes = self._changes or is_change(wanted, standing, self._last())
        result = self._engine.up(wanted, on_event, seconds)
        if result.well:
            self.ledgers()
            self._booted()
        return result

    def end(self, error: RehouseError | None) -> None:
        """Whatever came of it."""
        if not self._changes:
            return
        due = due_at_the_end(error, self._last())
        told = replace(self._facts, live=", ".join(self._last().live))
        if error:
            what = error.what.partition("\n")[0]
            told = replace(told, reason=what, exit_code=error.exit_code)
        for hook in due:
            self._after(hook, told)

    def _learn(self, order: Order | None) -> None:
        """Which generation it is about, from the preview or from the ledger."""
        planned = self._planned
        service = (order and order.service) or planned.get("service")
        self._facts = replace(self._facts, service=service)
        last = self._last()
        progress = last.progress.generation if last.progress else None
        name = planned.get("wanted") or (order and order.generation) or progress
        known = [each.generation for each in last.remembered if each.generation.name == name]
        self._facts = replace(
            self._facts,
            generation=name,
            target=planned.get("target") or (known[0].target if known else None),
            image=planned.get("image") or (known[0].image if known else None),
            live=", ".join(last.live),
        )

    def _foreseen(self, order: Order | None) -> Mapping[str, int] | None:
        """Which generations shall stand then, and with what shares of the traffic."""
        if order and order.kind == "rollback":
            return foreseen(self._last(), order).standing
        return self._planned.get("standing")

    def _booted(self) -> None:
        """Once: a canary's further steps raise nothing."""
        if self._boots and has_booted(self._last(), self._facts.generation):
            self._boots = False
            self._after("post-app-boot", replace(self._facts, live=", ".join(self._last().live)))

    def _last(self) -> Ledger:
        """As it was read last, by whoever asked this engine."""
        known = self.ledgers() if self._ledgers is None else self._ledgers
        return known.get(self._facts.service or next(iter(known), ""), Ledger())

    def _before(self, hook: str) -> None:
        if fault := self._runner.run(hook, self._facts):
            live = f"; {self._facts.live} is live" if self._facts.live else ""
            fix = "see what it printed; mend that, or leave all hooks out: --skip-hooks"
            raise Refused(f"hook {hook}", fault, fix, f"nothing was touched{live}")

    def _after(self, hook: str, facts: Facts) -> None:
        runtime = int(time.monotonic() - self._began)
        if fault := self._runner.run(hook, replace(facts, runtime=runtime)):
            state = f"{facts.live or 'nothing'} is live"
            stderr.print(f"hook {hook}: {fault}; that undoes nothing: {state}", markup=False)


class Runner:
    """Runs one, and shows what it prints on stderr."""

    def __init__(self, hooks: Hooks, on_event: OnEvent) -> None:
        self._hooks, self._on_event = hooks, on_event

    def run(self, hook: str, facts: Facts) -> str | None:
        """What went wrong; None where all is well, or there is no such hook."""
        if hook not in self._hooks.programs:
            return None
        told = replace(facts, recorded_at=datetime.now(UTC).isoformat(timespec="seconds"))
        self._on_event(as_event(Hook(hook, "begins")))
        program, variables = self._hooks.programs[hook], told.variables(hook)
        fault = _run(program, self._hooks.home, {**os.environ, **variables})
        self._on_event(as_event(Hook(hook, "failed" if fault else "done")))
        return fault


def _run(program: Path, folder: Path, environment: Mapping[str, str]) -> str | None:
    try:
        process = subprocess.Popen(
            [program],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
    except OSError as error:
        return f"cannot be run: {error.strerror}"
    with process:
        try:
            for line in printed(process):
                stderr.print(Text.from_ansi(f"  | {line.rstrip()}"))
        except BaseException:
            process.terminate()
            raise
    return f"ended with status {process.returncode}" if process.returncode else None
