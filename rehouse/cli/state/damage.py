"""What is wrong with the state of a stack, and how it is restored from what the engine has kept."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rehouse.cli.state.store import Kept, Store
from rehouse.components.errors import OutOfReach, RehouseError, Wrong

ANSWERS = "see that the state backend answers: pulumi stack ls"
STACK = "pulumi:pulumi:Stack"
SECRETS = "secrets of the stack, and its ledger"
GZIP, ZSTD, BAK = ".gz", ".zst", ".bak"
ASIDE = ".kept"  # an ending that the engine does not look at
WHOLE = (".json", ".json" + GZIP, ".json" + ZSTD)
LOOK = "then look what has happened since: rehouse drift"
LAST = (
    "last resort, only if you are sure of that: the state is damaged;"
    " this keeps a copy of it, and takes the one before"
)


@dataclass(frozen=True)
class State:
    """Of one stack; *is_meant* says that the stack's settings were made together with a state."""

    store: Store
    project: str
    stack: str
    is_meant: bool

    @property
    def is_there(self) -> bool:
        return self._current() is not None

    @property
    def is_damaged(self) -> bool:
        current = self._current()
        return current is not None and not self._is_whole(current)

    def restoring(self) -> str | None:
        """The command that brings back the last that was kept whole, None where nothing was.

        Before it overwrites what is there, it keeps a copy of it.
        """
        return self._copying(next(self._backups(), None))

    def restoring_outputs(self) -> str | None:
        """The same, of the last whose outputs were others: an update keeps those that it could not read.

        One without any is of before the first update: it would forget all that runs.
        """
        current = self._current()
        bad = self._outputs(current) if current else None
        unlike: tuple[Any, ...] = (None, {}, bad)
        return self._copying(
            next((each for each in self._backups() if self._outputs(each) not in unlike), None)
        )

    def _copying(self, kept: Kept | None) -> str | None:
        if kept is None:
            return None
        ending = next((end for end in (GZIP, ZSTD) if end in kept.key), "")
        current = self._current()
        if current is None:
            return self.store.copying(kept.key, f"{self._place}.json{ending}")
        aside = f"{current.key}.{current.since:%Y%m%dT%H%M%S}{ASIDE}"
        keep = self.store.copying(current.key, aside)
        return f"{keep} && {self.store.copying(kept.key, current.key)}"

    @property
    def _place(self) -> str:
        return f".pulumi/stacks/{self.project}/{self.stack}"

    def _current(self) -> Kept | None:
        keys = [self._place + end for end in WHOLE]
        found = [each for each in self.store.under(f"{self._place}.json") if each.key in keys]
        return max(found, key=lambda each: each.since, default=None)

    def _backups(self) -> Iterator[Kept]:
        """Newest first: one of each update, and what the engine wrote last before what it has now."""
        of_updates = self.store.under(f".pulumi/backups/{self.project}/{self.stack}/")
        last = self.store.under(f"{self._place}.json")
        found = [each for each in of_updates if each.key.endswith(WHOLE)]
        found += [each for each in last if each.key.endswith(BAK)]
        newest = sorted(found, key=lambda each: each.since, reverse=True)
        return (each for each in newest if self._is_whole(each))

    def _is_whole(self, kept: Kept) -> bool:
        return kept.key.endswith((ZSTD, ZSTD + BAK)) or "version" in self._read(kept)

    def _outputs(self, kept: Kept) -> Any:
        found = ((self._read(kept).get("checkpoint") or {}).get("latest") or {}).get(
            "resources"
        ) or ()
        return next((each.get("outputs") for each in found if each["type"] == STACK), None)

    def _read(self, kept: Kept) -> dict[str, Any]:
        """Empty where it cannot be read, as nothing here can read zstd."""
        text = self.store.read(kept.key) or b""
        try:
            plain = gzip.decompress(text) if kept.key.endswith((GZIP, GZIP + BAK)) else text
            return dict(json.loads(plain))
        except (OSError, EOFError, ValueError, TypeError):
            return {}


def trouble(state: State, reason: str) -> RehouseError | None:
    """The error where the state is not there or not whole; None where it is as it should be."""
    is_there = state.is_there
    if is_there and not state.is_damaged:
        return None
    what = f"{'is damaged' if is_there else 'is not in the state backend'}: {reason}"
    where, command = f"state of {state.project}/{state.stack}", state.restoring()
    if command:
        return OutOfReach(where, what, f"{command}\n{LOOK}")
    if is_there or state.is_meant:
        what += "\nand the engine has kept no backup there"
        fix = (
            "see that PULUMI_BACKEND_URL names the right one, or restore it from a backup of yours"
        )
        return OutOfReach(where, what, fix)
    return no_stack(reason)


def no_stack(reason: str) -> Wrong:
    fix = "pulumi stack ls shows what there is; pulumi stack init NAME makes one"
    return Wrong("stack", f"there is none of that name: {reason}", fix)


class Sealed(OutOfReach):
    """The state can be read, and its secrets cannot."""


def unset(reason: str) -> Sealed:
    return Sealed(SECRETS, reason, "set the passphrase: export PULUMI_CONFIG_PASSPHRASE_FILE=FILE")


def sealed(reason: str, restoring: str | None) -> Sealed:
    fix = f"take the passphrase of the last update: export PULUMI_CONFIG_PASSPHRASE_FILE=FILE{_or(restoring)}"
    return Sealed(SECRETS, reason, fix)


def unknown_ledger(output: str, values: int, restoring: str | None) -> OutOfReach:
    what = f"cannot be read: {values} values are not as this version has them"
    fix = f"use the version of the last update{_or(restoring)}"
    return OutOfReach(f"output {output}", what, fix)


def _or(restoring: str | None) -> str:
    """The last resort: a sound state must not be overwritten because of a typing error."""
    if restoring is None:
        return ""
    return f"\n{LAST}: {restoring}\n{LOOK}"
