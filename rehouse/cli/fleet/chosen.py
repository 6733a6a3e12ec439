"""Which stacks are meant. Pure."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from rehouse.components.errors import Wrong

SHOWN = 10  # of the stacks that there are, in an error


def one(names: Sequence[str]) -> str | None:
    """The stack of a command that is about one; None for the selected one. Raises Wrong."""
    if len(names) > 1:
        what = f"are {len(names)}, and one is deployed at a time"
        raise Wrong(f"--stack {', '.join(names)}", what, "several at once: --parallel")
    return next(iter(names), None)


def many(patterns: Sequence[str], known: Sequence[str]) -> list[str]:
    """Those that the patterns mean, each once, in the order of the patterns. Raises Wrong for one that means none."""
    if not patterns:
        fix = "name them, or give a pattern: --stack 'prod-*'; all of them: --stack '*'"
        raise Wrong("--parallel", "no stack is named", fix)
    return list(dict.fromkeys(name for each in patterns for name in _meant(each, known)))


def _meant(pattern: str, known: Sequence[str]) -> list[str]:
    found = [name for name in known if _fits(name, pattern)]
    if not found:
        what = "is none of the stacks of this project"
        raise Wrong(f"--stack {pattern}", what, f"{_shown(known)}; another one: pulumi stack init")
    return found


def _fits(name: str, pattern: str) -> bool:
    """Also where the backend puts the organization before the name."""
    return pattern == name or any(
        fnmatchcase(each, pattern) for each in (name, name.rpartition("/")[2])
    )


def _shown(known: Sequence[str]) -> str:
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return f"known: {', '.join(known[:SHOWN]) or 'none'}{more}"
