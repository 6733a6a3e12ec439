"""What a deploy would do, and what differs between generations, as people read it."""

from collections.abc import Iterable

from rehouse.cli.output import stderr, stdout
from rehouse.cli.rollout.course import Stage
from rehouse.cli.rollout.plan import Plan
from rehouse.cli.rollout.remembered import Compared
from rehouse.components.difference import Change


def say_plan(plan: Plan) -> None:
    """Reasons first, then the steps; nothing on stdout where nothing is to be done."""
    live = ", ".join(plan.live)
    if not plan.changed:
        stderr.print(f"{live} is live already: nothing to do", markup=False)
        return
    same = plan.wanted == live
    _say(f"{plan.service}: {live or 'nothing'} {'stays' if same else f'→ {plan.wanted}'}")
    say_changes(plan.changes)
    if plan.strategy == "recreate" and plan.live and plan.stages:
        _say("  nothing answers from when the old ones are retired until the new ones are well")
    if plan.stages:
        _say(f"by {plan.strategy}, target {plan.target}:")
    for stage in plan.stages:
        _say(f"  {stage.step:<7} {_told(stage)}")
    for step in plan.also:
        _say(f"  also    {step}")


def say_compared(found: Compared) -> None:
    """Nothing on stdout where nothing differs."""
    if not found.changes:
        stderr.print(f"{found.before} and {found.after} are the same", markup=False)
        return
    _say(f"{found.before} → {found.after}")
    say_changes(found.changes)


def say_changes(changes: Iterable[Change]) -> None:
    """A line for each."""
    for each in changes:
        _say(f"  {each}")


def _told(stage: Stage) -> str:
    match stage.step:
        case "prove":
            return f"well within {stage.lasts}"
        case "bake":
            return f"the old ones stay warm for {stage.lasts}"
        case "shift":
            return f"{stage.share} % of the traffic{_then(stage.lasts)}"
    return f"{', '.join(stage.names)}{_then(stage.lasts)}"


def _then(lasts: str | None) -> str:
    if lasts == "promote":
        return ", until rehouse promote"
    return f", for {lasts}" if lasts else ""


def _say(line: str) -> None:
    stdout.print(line, markup=False)
