"""What an update that was cut off has left in the state, where it was, and what ends it."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rehouse.cli.reality.inventory import TRAFFIC, shift_of
from rehouse.cli.rollout.undo import FINISH
from rehouse.cli.rollout.updates import STAYS
from rehouse.cli.state.locks import Lock
from rehouse.cli.view.steps import step_of
from rehouse.components.ledger import Ledger

GATE = "-gate"


@dataclass(frozen=True)
class Interruption:
    """*step* is None where nothing had begun; *at* is what the engine was working on; *left* are generations that
    the state knows and the ledger does not let stand; *lock* is whose it is, where that process is dead.

    *traffic* says who has it: the engine writes the ledger last, when all that is retired is gone. Empty where it
    was being shifted.
    """

    step: str | None
    at: tuple[str, ...]
    left: tuple[str, ...]
    lock: str | None
    traffic: tuple[str, ...]
    fix: str

    def shape(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.told}\nfix: {self.fix}"

    @property
    def told(self) -> str:
        at = f" ({', '.join(self.at)})" if self.at else ""
        where = f"at {self.step}{at}" if self.step else "before its first step"
        left = f"; {', '.join(self.left)} is not in the ledger" if self.left else ""
        lock = f"; its lock is that of {self.lock}, which is dead" if self.lock else ""
        traffic = f"; {', '.join(self.traffic)} has the traffic" if self.traffic else ""
        if self.step == "shift" and not self.traffic:
            traffic = "; the traffic may have moved"
        return f"an update was cut off {where}{left}{traffic}{lock}"


def interruption_of(
    service: str | None, ledger: Ledger, deployment: Mapping[str, Any], locks: list[Lock] | None
) -> Interruption | None:
    """None where nothing is left over, or somebody holds the stack who lives: then it may be at work.

    *locks* is None where the backend keeps them to itself.
    """
    held = locks or []
    if any(not lock.is_dead for lock in held):
        return None
    pending = deployment.get("pending_operations") or []
    names = [_name(each) for each in deployment.get("resources") or []]
    left = _not_standing(service, ledger, names)
    if not (pending or left or held):
        return None
    at = tuple(_name(each["resource"]) for each in pending)
    dead = ", ".join(map(str, held)) or None
    fix = STAYS if ledger.progress else FINISH
    unless = "if no command is at work elsewhere: " if locks is None else ""
    proven = {name.removesuffix(GATE) for name in names if name.endswith(GATE)}
    step = _step(pending, ledger, left, proven)
    traffic = _traffic(service, deployment, pending)
    return Interruption(step, at, left, dead, traffic, unless + fix)


def _not_standing(service: str | None, ledger: Ledger, names: list[str]) -> tuple[str, ...]:
    own = re.escape(service) if service else "[a-z][a-z0-9-]*"
    found = (re.match(rf"({own}-[0-9a-f]{{7}})-", name) for name in names)
    generations = dict.fromkeys(each[1] for each in found if each)
    return tuple(name for name in generations if name not in ledger.standing)


def _traffic(
    service: str | None, deployment: Mapping[str, Any], pending: list[Mapping[str, Any]]
) -> tuple[str, ...]:
    """By what was shifted last; nobody knows while it is being shifted."""
    if any(each["resource"]["type"].endswith(TRAFFIC) for each in pending):
        return ()
    shift = shift_of(service or "", deployment.get("resources") or [])
    servers = [each for each in shift.servers if each.weight] if shift else []
    return tuple(dict.fromkeys(each.instance.rpartition("-")[0] for each in servers))


def _step(
    pending: list[Mapping[str, Any]], ledger: Ledger, left: tuple[str, ...], proven: set[str]
) -> str | None:
    """That of what it was working on; between two operations, what comes after the last."""
    steps = [step_of(each["resource"]["type"], each["type"]) for each in pending]
    if found := next(filter(None, steps), None):
        return found
    gone = {r.generation.name for r in ledger.remembered if r.outcome not in ("raised", "live")}
    if left and gone.issuperset(left):
        return "retire"
    if left:
        return "shift" if proven.intersection(left) else "raise"
    return None


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"]).rpartition("::")[2]
