"""Programs of the operator's at fixed points of a rollout, named as in Kamal: which, when, and with what facts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rehouse.components.errors import NotUndone, RehouseError, Undone, Wrong
from rehouse.components.ledger import Ledger
from rehouse.components.order import Order

FOLDER = Path(".rehouse/hooks")
BEFORE = ("pre-connect", "pre-deploy", "pre-app-boot")
AFTER = ("post-app-boot", "post-deploy", "post-undo")

_CHOOSES = ("deploy", "rollback")  # orders that say what shall be live
_GOES_ON = ("advance", "release", "finish")
_FAILED = (Undone.exit_code, NotUndone.exit_code)


@dataclass(frozen=True)
class Facts:
    """What a hook is told, each as a variable of its environment: REHOUSE_ and the name. No value of a secret."""

    command: str
    stack: str
    performer: str
    service: str | None = None
    generation: str | None = None
    target: str | None = None
    image: str | None = None
    live: str | None = None
    recorded_at: str | None = None
    runtime: int | None = None  # whole seconds since the command began
    reason: str | None = None
    exit_code: int | None = None

    def variables(self, hook: str) -> dict[str, str]:
        told = {"hook": hook, **vars(self)}
        return {
            f"REHOUSE_{name.upper()}": str(value)
            for name, value in told.items()
            if value is not None
        }


@dataclass(frozen=True)
class Hooks:
    """Name to program; they run in the *home* of the project."""

    home: Path
    programs: Mapping[str, Path]


def found(folder: Path) -> dict[str, Path]:
    """Name to program; none where there is no such folder. A name with a dot in it is no hook's: a sample, a note.

    Raises Wrong where another file there would never be run: its name is not known, or it is not executable.
    """
    files = sorted(each for each in folder.glob("*") if each.is_file() and "." not in each.name)
    for each in files:
        _must_be_hook(each)
    return {each.name: each.resolve() for each in files}


def due_before(order: Order | None, standing: Mapping[str, int] | None, last: Ledger) -> list[str]:
    """The hooks before an update after which *standing* have their shares of the traffic; none if that is so now."""
    if order is None or order.kind not in _CHOOSES or standing in (None, last.standing):
        return []
    raises = set(standing or ()) - set(last.standing)
    return ["pre-deploy", "pre-app-boot"] if raises else ["pre-deploy"]


def is_change(order: Order | None, standing: Mapping[str, int] | None, last: Ledger) -> bool:
    """Whether the update is part of a rollout that changes what is live."""
    goes_on = order is not None and order.kind in _GOES_ON
    return goes_on or bool(due_before(order, standing, last))


def has_booted(now: Ledger, generation: str | None) -> bool:
    """Instances of it run and have passed the gate."""
    standing = {each.name: each for each in now.standing_generations()}
    return generation in standing and now.instances_of(standing[generation]) > 0


def due_at_the_end(error: RehouseError | None, now: Ledger) -> list[str]:
    """The hooks after a rollout that changed something: one that goes on is not over."""
    if error:
        return ["post-undo"] if error.exit_code in _FAILED else []
    return [] if now.progress else ["post-deploy"]


def _must_be_hook(file: Path) -> None:
    known = (*BEFORE, *AFTER)
    if file.name not in known:
        fix = f"known: {', '.join(known)}; a name with a dot in it is left alone"
        raise Wrong(f"hook {file}", "is not known, and would never be run", fix)
    if not os.access(file, os.X_OK):
        raise Wrong(f"hook {file}", "is not executable", f"chmod +x {file}")
