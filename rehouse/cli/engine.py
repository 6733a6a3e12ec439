"""The Pulumi engine as the commands use it: the only module that knows its Automation API."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import (
    ConcurrentUpdateError,
    InvalidVersionError,
    StackNotFoundError,
    create_command_error,
)
from pydantic import ValidationError

from rehouse.cli import process
from rehouse.cli.eventlog import Event, OnEvent, events, followed
from rehouse.cli.guard import Patch, patches
from rehouse.cli.process import Ended
from rehouse.cli.project import project_name
from rehouse.components import notes, order
from rehouse.components.errors import Contested, OutOfReach, RehouseError, Wrong
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order

LEDGER = "-ledger"  # what the program calls the output that keeps the ledger of a service


@dataclass(frozen=True)
class Outcome:
    """How an update or a preview ended, and what its program and providers had to say."""

    ended: Ended
    events: list[Event]
    notes: list[dict[str, Any]]

    @property
    def well(self) -> bool:
        return self.ended.code == 0

    def error(self) -> RehouseError | None:
        """The first error of ours, as it was raised; None where only the engine has one, or nobody."""
        for each in self.notes:
            if each["kind"] == "error":
                error = RehouseError(each["where"], each["what"], each["fix"], each["state"])
                error.exit_code = each["code"]
                return error
        return None

    @property
    def interrupted(self) -> int:
        return self.ended.interrupted

    def facts(self) -> dict[str, Any]:
        """What the spec asks for and what is live, as the program sees it; empty where it did not get so far."""
        return next((each for each in self.notes if each["kind"] == "generation"), {})

    def wanted(self) -> str | None:
        """The generation that the spec asks for."""
        return self.facts().get("wanted")

    def said(self) -> str:
        """The engine's own words for what went wrong."""
        told = [each["diagnosticEvent"] for each in self.events if "diagnosticEvent" in each]
        errors = [each["message"].strip() for each in told if each["severity"] == "error"]
        return "\n".join(dict.fromkeys(errors)) or _reason(self.ended)

    def patches(self) -> list[Patch]:
        return patches(self.events)


class Engine:
    """One stack of one project."""

    def __init__(self, folder: Path, stack: str | None) -> None:
        self._folder, self._stack = folder, stack
        self._pulumi = _pulumi()

    def ledgers(self) -> dict[str, Ledger]:
        """Service to ledger, as the last update left them. Unreadable is never taken for empty."""
        outputs = self._json("stack", "output", "--json", "--show-secrets")
        texts = {name: text for name, text in outputs.items() if name.endswith(LEDGER)}
        return {name.removesuffix(LEDGER): _ledger(name, text) for name, text in texts.items()}

    def up(self, wanted: Order | None = None, on_event: OnEvent | None = None) -> Outcome:
        """One update; it ends as the order says, or as the spec says where there is none."""
        return self._operate(["up", "--yes", "--skip-preview"], wanted, on_event)

    def preview(self, wanted: Order | None = None) -> Outcome:
        return self._operate(["preview"], wanted, None)

    def destroy(self, on_event: OnEvent | None = None) -> Outcome:
        return self._operate(["destroy", "--yes", "--skip-preview"], None, on_event)

    def refresh(self, urns: Iterable[str]) -> Outcome:
        """Takes out of the state what of these does not exist any more. Raises Contested, also for none of them."""
        named = [word for urn in urns for word in ("--target", urn)]
        return self._operate(["refresh", "--yes", "--skip-preview", *named], None, None)

    def resources(self) -> list[dict[str, Any]]:
        """What the state knows; secrets stay encrypted."""
        return self._json("stack", "export")["deployment"].get("resources") or []

    def label(self) -> str:
        """What the label rehouse.stack says on everything of this stack: project/stack."""
        return f"{project_name(self._folder)}/{self.stack_name().rpartition('/')[2]}"

    def config(self) -> dict[str, Any]:
        """Key to value, without those that are secret."""
        found = self._json("config", "--json")
        return {key: each.get("objectValue", each.get("value")) for key, each in found.items()}

    def set_config(self, key: str, value: str) -> None:
        self._succeed("config", "set", key, value)

    def cancel(self) -> None:
        """Takes the lock away, whoever holds it."""
        self._succeed("cancel", "--yes")

    def stack_name(self) -> str:
        return self._stack or self._succeed("stack", "--show-name").stdout.strip()

    def _operate(self, args: list[str], wanted: Order | None, on_event: OnEvent | None) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="rehouse-") as folder:
            log, told = Path(folder, "events"), Path(folder, "notes")
            environment = {notes.VARIABLE: str(told), "PULUMI_DEBUG_COMMANDS": "true"}
            if wanted:
                environment[order.VARIABLE] = wanted.model_dump_json()
            with followed(log, on_event):
                ended = self._run([*args, "--event-log", str(log)], environment)
            return Outcome(ended, events(log), notes.read_notes(told))

    def _json(self, *args: str) -> dict[str, Any]:
        return dict(json.loads(self._succeed(*args).stdout or "{}"))

    def _succeed(self, *args: str) -> Ended:
        ended = self._run(list(args), {})
        if ended.code:
            fix = "see that the state backend answers: pulumi stack ls"
            raise OutOfReach("engine", _reason(ended), fix)
        return ended

    def _run(self, args: list[str], environment: Mapping[str, str]) -> Ended:
        """Raises Contested and Wrong; any other failure is the caller's to judge."""
        words = [*args, *(["--stack", self._stack] if self._stack else [])]
        command = [self._pulumi, "--non-interactive", *words]
        always = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_AUTOMATION_API": "true"}
        # The interpreter that has this package, unless somebody chose one: Pulumi would take any python3.
        own = {"PULUMI_PYTHON_CMD": sys.executable, **os.environ}
        ended = process.run(command, self._folder, {**own, **always, **environment})
        if ended.code:
            _judge(ended)
        return ended


def _judge(ended: Ended) -> None:
    kind = create_command_error(CommandResult(ended.stdout, ended.stderr, ended.code))
    if isinstance(kind, ConcurrentUpdateError):
        raise Contested(
            "stack", _reason(ended), "wait until it has ended; rehouse unlock says more"
        )
    if isinstance(kind, StackNotFoundError):
        fix = "pulumi stack ls shows what there is; pulumi stack init NAME makes one"
        raise Wrong("stack", _reason(ended), fix)


def _reason(ended: Ended) -> str:
    """What the engine itself calls the error."""
    lines = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error:")]
    return (errors or lines or ["it ended without a word"])[0].removeprefix("error:").strip()


def _pulumi() -> str:
    try:
        return PulumiCommand().command
    except (OSError, subprocess.CalledProcessError, InvalidVersionError) as error:
        what, fix = f"pulumi cannot be used: {error}", "install Pulumi 3.259 or later"
        raise OutOfReach("engine", what, fix) from error


def _ledger(name: str, text: str) -> Ledger:
    try:
        return Ledger.model_validate_json(text)
    except ValidationError as error:
        what = f"cannot be read: {error.error_count()} values are not as this version has them"
        raise OutOfReach(f"output {name}", what, "use the version of the last update") from None
