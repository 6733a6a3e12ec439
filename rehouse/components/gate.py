"""What a new generation must pass before it gets traffic: every instance well, several times in a row."""

import asyncio
import http.client
import itertools
import json
import socket
import time
from asyncio import FIRST_EXCEPTION
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, Protocol

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, UpdateResult

from rehouse.components.createonly import CreateOnly
from rehouse.components.daemon import Watch, connected
from rehouse.components.errors import GateFailed, Stopped
from rehouse.components.notes import errors_noted, is_asked_to_end, note
from rehouse.components.site import Daemon
from rehouse.components.spec import Health, Part

FIRST_PROBE = 0.025
HEED = 0.2  # seconds between two looks whether anybody still waits
SETTLE = (
    0.05  # a proxy in front of a port accepts first and hangs up then; so long we listen for that
)


class Candidate(Part):
    """One instance that asks for traffic."""

    name: str
    container: str
    daemon: Daemon
    address: str
    port: int


class Trial(Part):
    """All that the gate needs to know of a generation."""

    generation: str
    health: Health
    pids: int
    candidates: tuple[Candidate, ...]
    before: str | None  # what has the traffic meanwhile


class Eyes(Protocol):
    """What a target lets us see of an instance."""

    def ended(self) -> str | None: ...
    def log_tail(self) -> str: ...
    def run(self, command: tuple[str, ...]) -> tuple[int, str]: ...


class GateProvider(CreateOnly):
    """Each instance passes it once; again only what was raised in place of one that was gone."""

    @errors_noted()
    def create(self, props: dict[str, Any]) -> CreateResult:
        trial = Trial.model_validate_json(props["trial"])
        seconds = hold(trial)
        return CreateResult(trial.generation, {**props, "seconds": seconds})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=not _containers(news) <= _containers(olds))

    @errors_noted()
    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        trial, proven = Trial.model_validate_json(news["trial"]), _containers(olds)
        others = tuple(each for each in trial.candidates if each.container not in proven)
        seconds = hold(trial.model_copy(update={"candidates": others}))
        return UpdateResult({**news, "seconds": seconds})


def _containers(props: dict[str, Any]) -> set[str]:
    """Those of the trial; where it is not known yet, as in a preview that raises some again, those to come."""
    if not isinstance(props["trial"], str):
        return {"to come"}
    return {each["container"] for each in json.loads(props["trial"])["candidates"]}


class Gate(Resource, module="rehouse", name="Gate"):
    """Its creation takes as long as the instances need, and fails if they do not get well."""

    seconds: pulumi.Output[float]

    def __init__(self, name: str, trial: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
        super().__init__(GateProvider(), name, {"trial": trial, "seconds": None}, opts)


def hold(trial: Trial) -> float:
    """Proves a trial on its Docker daemons; the seconds that it took. Raises GateFailed."""
    with ExitStack() as stack:
        clients = {
            each.daemon: stack.enter_context(connected(each.daemon)) for each in trial.candidates
        }
        eyes = {each.name: Watch(clients[each.daemon], each.container) for each in trial.candidates}
        for each in eyes.values():
            if not each.ended():
                each.limit_processes(trial.pids)
        return asyncio.run(prove(trial, eyes))


async def prove(trial: Trial, eyes: dict[str, Eyes] | dict[str, Watch]) -> float:
    """All candidates at once; the first that fails fails all. Raises GateFailed."""
    began = time.monotonic()
    # Not asyncio's own pool: that one waits for every thread, and a probe may hang for long.
    pool = ThreadPoolExecutor(max_workers=min(64, 2 * len(trial.candidates)))
    trials = [
        asyncio.create_task(_prove_one(each, trial.health, eyes[each.name], pool))
        for each in trial.candidates
    ]
    try:
        await _together(trials)
    except Unwell as failure:
        raise _failed(trial, failure, eyes[failure.candidate.name].log_tail()) from None
    finally:
        for each in trials:
            each.cancel()
        await asyncio.gather(*trials, return_exceptions=True)
        pool.shutdown(wait=False, cancel_futures=True)
    return round(time.monotonic() - began, 3)


async def _together(trials: list["asyncio.Task[None]"]) -> None:
    """Raises Unwell of one that is not well; Stopped where nobody waits for them any more."""
    under_way: set[asyncio.Task[None]] = set(trials)
    while under_way:
        if is_asked_to_end():
            raise Stopped("gate", "was asked to end", "run the update again")
        over, under_way = await asyncio.wait(under_way, timeout=HEED, return_when=FIRST_EXCEPTION)
        for each in over:
            each.result()


class Unwell(Exception):
    """One candidate will not pass."""

    def __init__(self, candidate: Candidate, reason: str) -> None:
        super().__init__(reason)
        self.candidate, self.reason = candidate, reason


async def _prove_one(
    candidate: Candidate, health: Health, eyes: Eyes, pool: ThreadPoolExecutor
) -> None:
    deadline, pause, good = time.monotonic() + health.within, FIRST_PROBE, 0
    loop = asyncio.get_running_loop()
    while good < health.times:
        await asyncio.sleep(pause)
        pause = min(2 * pause, health.every)
        probe = loop.run_in_executor(pool, _probe, candidate, health, eyes)
        fault, answer = await _bounded(probe, max(2 * health.every, deadline - time.monotonic()))
        good = 0 if fault else good + 1
        note("probe", instance=candidate.name, good=good, needed=health.times, answer=answer)
        if ended := await loop.run_in_executor(pool, eyes.ended):
            raise Unwell(candidate, f"{ended}; last answer: {answer}")
        if good < health.times and time.monotonic() > deadline:
            raise Unwell(candidate, f"not well within {health.within:g} s; last answer: {answer}")


async def _bounded(probe: asyncio.Future[tuple[bool, str]], seconds: float) -> tuple[bool, str]:
    """A command may hang, an answer may drip: a second one would not be given any sooner."""
    try:
        # Not wait_for: before Python 3.12 that one loses a cancel that comes with the answer.
        async with asyncio.timeout(seconds):
            return await probe
    except TimeoutError:
        return True, f"none within {seconds:.3g} s"


def _probe(candidate: Candidate, health: Health, eyes: Eyes) -> tuple[bool, str]:
    """Whether the answer was a bad one, and the answer."""
    if not candidate.address:
        return True, "none: it has no address any more"
    try:
        return _kind(health)(candidate, health, eyes)
    except (OSError, http.client.HTTPException) as error:
        return True, f"{candidate.address}:{candidate.port}: {str(error) or type(error).__name__}"


def _kind(health: Health) -> Callable[[Candidate, Health, Eyes], tuple[bool, str]]:
    if health.http:
        return _ask_http
    return _ask_inside if health.exec else _knock


def _ask_http(candidate: Candidate, health: Health, _eyes: Eyes) -> tuple[bool, str]:
    connection = http.client.HTTPConnection(candidate.address, candidate.port, timeout=health.every)
    try:
        connection.request(
            "GET", str(health.http), headers={"Connection": "close", "User-Agent": "rehouse"}
        )
        answer = connection.getresponse()
        text = answer.read(200).decode(errors="replace").strip()
        return not 200 <= answer.status < 400, f"{answer.status} {answer.reason}: {text}"
    finally:
        connection.close()


def _knock(candidate: Candidate, health: Health, _eyes: Eyes) -> tuple[bool, str]:
    with socket.create_connection(
        (candidate.address, candidate.port), timeout=health.every
    ) as connection:
        connection.settimeout(SETTLE)
        try:
            hung_up = connection.recv(1) == b""
        except TimeoutError:
            hung_up = False
    return hung_up, "accepted, then closed the connection" if hung_up else "accepts connections"


def _ask_inside(_candidate: Candidate, health: Health, eyes: Eyes) -> tuple[bool, str]:
    status, printed = eyes.run(health.exec or ())
    return status != 0, f"exit status {status}: {printed}"


def _failed(trial: Trial, failure: Unwell, log: str) -> GateFailed:
    tail = "\n".join(f"  | {line}" for line in _folded(log)) or "  | (it printed nothing)"
    candidate, live = failure.candidate, trial.before
    clean = "go back to the earlier spec and run the update again" if live else "pulumi destroy"
    return GateFailed(
        f"gate of {trial.generation}",
        f"instance {candidate.name} {failure.reason}\n"
        f"its last lines (docker logs {candidate.container[:12]}):\n{tail}",
        f"mend the service or its spec; to clean up, {clean}",
        f"{live} stays live and keeps all traffic" if live else "nothing is live, as before",
    )


def _folded(log: str) -> Iterator[str]:
    """A line that is printed again and again is shown once."""
    for line, times in itertools.groupby(log.splitlines()):
        count = len(list(times))
        yield f"{line} ({count} times)" if count > 1 else line
