"""How an update or a preview ended, and what its program and providers had to say."""

from dataclasses import dataclass
from typing import Any

from rehouse.cli.eventlog import Event
from rehouse.cli.process import Ended
from rehouse.cli.rollout.guard import Patch, Step, patches, planned, steps
from rehouse.cli.state.masking import masked
from rehouse.components.errors import GateFailed, RehouseError, kind_of

ERROR = "error:"


@dataclass(frozen=True)
class Outcome:
    """As the command that runs it sees it."""

    ended: Ended
    events: list[Event]
    notes: list[dict[str, Any]]

    @property
    def well(self) -> bool:
        return self.ended.code == 0

    def error(self) -> RehouseError | None:
        """The first error of ours, as it was raised; None where only the engine has one, or nobody."""
        if self.ended.late:
            what = "took longer than rollout.deadline allows, and was stopped"
            return GateFailed("rollout", what, "see what it waited for, or give it more time")
        for each in self.notes:
            if each["kind"] == "error":
                kind = kind_of(each["code"])
                return kind(each["where"], each["what"], each["fix"], each["state"])
        return None

    @property
    def begun(self) -> bool:
        """Whether the engine got so far as to have the stack to itself."""
        return self.well or bool(self.events)

    @property
    def touched(self) -> bool:
        """Whether it got so far as to change anything, or was about to."""
        return bool(self.planned())

    @property
    def interrupted(self) -> int:
        return self.ended.interrupted

    @property
    def hurried(self) -> bool:
        """Two signals came: it stopped in the middle of what it did."""
        return self.ended.hurried

    def facts(self, service: str | None = None) -> dict[str, Any]:
        """Those of the service, or of the first one where none is named; empty where it did not get so far."""
        return next((each for each in self.told() if service in (None, each["service"])), {})

    def told(self) -> list[dict[str, Any]]:
        """What the spec asks for, what was live and what shall be, as the program sees it: of each service."""
        return [each for each in self.notes if each["kind"] == "generation"]

    def planned(self) -> list[Step]:
        """What the engine would do, or was about to do."""
        return planned(self.events)

    def steps(self) -> list[Step]:
        """All that the engine came to, also where it had nothing to do."""
        return steps(self.events)

    def failed(self) -> list[Step]:
        found = [each["resOpFailedEvent"] for each in self.events if "resOpFailedEvent" in each]
        return [each["metadata"] for each in found]

    def said(self) -> str:
        """The engine's own words for what went wrong."""
        told = [each["diagnosticEvent"] for each in self.events if "diagnosticEvent" in each]
        errors = [masked(each["message"]).strip() for each in told if each["severity"] == "error"]
        return "\n".join(dict.fromkeys(errors)) or reason_of(self.ended)

    def warned(self) -> bool:
        """About the stack as a whole: so the engine tells of creations that were cut off."""
        told = [each["diagnosticEvent"] for each in self.events if "diagnosticEvent" in each]
        return any(each["severity"] == "warning" and not each.get("urn") for each in told)

    def patches(self) -> list[Patch]:
        return patches(self.events)


def reason_of(ended: Ended) -> str:
    """What the engine itself calls the error: its first line."""
    return told_by(ended).partition("\n")[0]


def told_by(ended: Ended) -> str:
    """All that the engine says of the error."""
    lines = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
    first = next((n for n, line in enumerate(lines) if line.startswith(ERROR)), 0)
    text = "\n".join(lines[first:]) or "it ended without a word"
    return text.removeprefix(ERROR).strip()
