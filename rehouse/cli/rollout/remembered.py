"""Generations that are remembered, by what people call them: a name, its beginning, or that of its digest."""

from dataclasses import dataclass

from rehouse.components.difference import Change, changes
from rehouse.components.errors import Wrong
from rehouse.components.generation import Generation
from rehouse.components.ledger import Ledger


@dataclass(frozen=True)
class Compared:
    """Two generations, and what makes two of them."""

    before: str
    after: str
    changes: tuple[Change, ...]


def compared(ledger: Ledger, first: str | None, second: str | None) -> Compared:
    """*first* against *second*; the live one is the second and what was live before it the first, by default.

    Raises Wrong where one is not remembered, or where several may be meant.
    """
    after = named(ledger, second) if second else _live(ledger)
    before = named(ledger, first or _before(ledger))
    return Compared(before.name, after.name, changes(before, after))


def named(ledger: Ledger, text: str) -> Generation:
    """Raises Wrong where it is not remembered, or where several may be meant."""
    known = {each.generation.name: each.generation for each in ledger.remembered}
    if text in known:
        return known[text]
    meant = [each for name, each in known.items() if _may_mean(name, text)]
    names = ", ".join(each.name for each in meant) or ", ".join(known) or "none"
    if len(meant) > 1:
        raise Wrong(f"generation {text}", f"may be {names}", "write more of it")
    if not meant:
        raise Wrong(f"generation {text}", "is not remembered", f"remembered: {names}")
    return meant[0]


def reasons(ledger: Ledger) -> list[tuple[Change, ...]]:
    """For each that is remembered, newest first: what makes it another one than the next older one."""
    found = [each.generation for each in ledger.remembered]
    pairs = zip(found[1:], found, strict=False)
    return [*(changes(older, newer) for older, newer in pairs), ()][: len(found)]


def _may_mean(name: str, text: str) -> bool:
    return name.startswith(text) or name.rpartition("-")[2].startswith(text)


def _live(ledger: Ledger) -> Generation:
    live = [each for each in ledger.standing_generations() if each.name in ledger.live]
    if not live:
        raise Wrong("generation", "nothing is live", "name two: rehouse history")
    return live[-1]


def _before(ledger: Ledger) -> str:
    """Else what was left last, as by a rollback, which quarantines it: what that was is what one then asks."""
    left = next((each.name for each in ledger.remembered if each.name not in ledger.live), None)
    if found := ledger.previous or left:
        return found
    what = f"nothing that was live before {', '.join(ledger.live)} is remembered"
    raise Wrong("generation", what, "name one: rehouse history")
