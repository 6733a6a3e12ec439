"""One kill of a command under load, what the next command makes of it, and what came of it in one line."""

import dataclasses
import time
from collections.abc import Callable

from lab.load import Load
from tests.e2e.aftermath import in_the_state, is_unfinished, left_over, orphans
from tests.e2e.clients import PATIENCE, Client
from tests.e2e.estate import Stack, eventually

ROWS = "{:<40} {:<7} {:<7} {:>6} {:>5} {:>8} {:>9}  {}"


@dataclasses.dataclass(frozen=True)
class Kill:
    """When, and by what it is ended; *new* says that the new generation is live then."""

    name: str
    wait: Callable[[Client], None]
    alone: bool = False  # the engine lives
    back: bool = False  # the spec is taken back before the next command
    end: str = "deploy"
    new: bool = True
    refuses: bool = False  # deploy says that it needs one of the others


@dataclasses.dataclass
class Row:
    """*orphans* are those that the kill made; *seconds* are those of the command that ended it."""

    kill: Kill
    step: str = ""
    sent: int = 0
    lost: int = 0
    orphans: int = 0
    seconds: float = 0.0
    faults: list[str] = dataclasses.field(default_factory=list)  # what must not be

    def __str__(self) -> str:
        facts = (self.step, self.sent, self.lost, self.orphans, f"{self.seconds:.1f} s")
        return ROWS.format(self.kill.name, self.kill.end, *facts, "; ".join(self.faults) or "well")


def killed(stack: Stack, kill: Kill) -> Row:
    row, live, spec = Row(kill), stack.generation(), dict(stack.spec)
    change(stack)
    with Load(stack.url, keepalive=2, rate=10) as load:
        with Client(stack, "deploy") as client:
            kill.wait(client)
            _cut(client, kill)
        row.orphans = len(orphans(stack))
        row.faults += _told(stack, row)
        if kill.back:
            stack.write(**spec)
        _recover(stack, kill, row)
    report = load.report()
    row.sent, row.lost = report.sent, report.failed
    row.faults += [f"lost: {report}"] if row.lost or not row.sent else []
    now = stack.generation()
    row.faults += [] if (now != live) == (kill.new and not kill.back) else [f"{now} is live"]
    row.faults += left_over(stack, now)
    return row


def change(stack: Stack) -> None:
    """The next deploy raises another generation."""
    stack.write(env={"ROLLOUT": str(time.time_ns())})


def _cut(client: Client, kill: Kill) -> None:
    if not kill.alone:
        return client.vanish()
    client.kill()
    return eventually(lambda: not client.family(), PATIENCE)


def _told(stack: Stack, row: Row) -> list[str]:
    """What `rehouse status` says must be what the state says."""
    found = stack.rehouse_json("status")["interrupted"]
    row.step = (found["step"] or "begin") if found else "-"
    if (found is None) == is_unfinished(stack):
        return [f"status says {found}, the state has {in_the_state(stack)}"]
    if found and found["traffic"] and stack.generation() not in found["traffic"]:
        return [f"status says {found}, {stack.generation()} answers"]
    return []


def _recover(stack: Stack, kill: Kill, row: Row) -> None:
    if kill.refuses:
        refused = stack.rehouse("deploy", timeout=PATIENCE)
        ways = all(way in refused.stderr for way in ("rehouse resume", "rehouse abort"))
        row.faults += [] if (refused.returncode, ways) == (12, True) else [refused.stderr]
    began = time.monotonic()
    ended = stack.rehouse(kill.end, timeout=PATIENCE)
    row.seconds = time.monotonic() - began
    row.faults += [f"{kill.end} exits {ended.returncode}: {ended.stderr}"] * bool(ended.returncode)
