"""How the deploys of a fleet have ended, each and together. Pure."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

# The gravest first. What is not in here, like 137 of one that was killed, counts as 1 does: nobody said what stands.
GRAVITY = (11, 1, 129, 130, 143, 10, 13, 12, 14, 2, 0)


@dataclass(frozen=True)
class Ended:
    """*code* is the exit status, None where it was not begun; *done* and *error* are what ``deploy --json`` has."""

    stack: str
    code: int | None = None
    seconds: float = 0.0
    done: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    @property
    def well(self) -> bool:
        return self.code == 0

    def shape(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        """In one line."""
        if self.code is None:
            return "not begun"
        if self.error:
            return f"{self.error['where']}: {self.error['what']}".partition("\n")[0]
        return _standing(self.done or {})


def ended(stack: str, code: int, seconds: float, last: dict[str, Any] | None) -> Ended:
    """From the last line that it told; it may have ended without one."""
    told = dict(last or {})
    event = told.pop("event", None)
    if event == "end" and code == 0:
        for key in ("version", "at", "command"):
            told.pop(key, None)
        return Ended(stack, code, seconds, done=told)
    if event == "error":
        return Ended(stack, code, seconds, error=told["error"])
    return Ended(stack, code, seconds, error=_silent(stack, code))


def gravest(codes: Iterable[int]) -> int:
    """The one of them that all of it ends with; 0 where there is none."""
    return min(codes, key=_gravity, default=0)


def _gravity(code: int) -> int:
    return GRAVITY.index(code if code in GRAVITY else 1)


def _silent(stack: str, code: int) -> dict[str, Any]:
    what = f"ended with {code} before it could say how"
    fix = f"see what it printed; rehouse status --stack {stack} shows what is live"
    return {"where": f"stack {stack}", "what": what, "fix": fix, "state": None, "code": code}


def _standing(done: dict[str, Any]) -> str:
    live = ", ".join(done.get("live", ())) or "nothing"
    if progress := done.get("progress"):
        return f"in progress: {progress['generation']} has {progress['share']} % of the traffic"
    return f"{live} is live" + ("" if done.get("changed") else " already: nothing to do")
