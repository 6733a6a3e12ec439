"""The gate lets pass who is well, several times in a row, and says why somebody is not."""

# ruff: noqa: SIM300

import asyncio
import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from pulumi.output import UNKNOWN

from rehouse.components import gate, notes
from rehouse.components.daemon import Watch
from rehouse.components.errors import GateFailed, Stopped
from rehouse.components.gate import Candidate, GateProvider, Trial, prove
from rehouse.components.site import Daemon
from rehouse.components.spec import Health

Answers = Callable[[int], int]
WELL = {"every": "50ms", "times": 3, "within": "30s"}
IMPATIENT = {"every": "250ms", "times": 3, "within": "500ms"}
ALWAYS: Answers = lambda _number: 200  # noqa: E731


class Eyes:
    """What a test wants an instance to look like."""

    def __init__(self, ends: Callable[[], str | None] = lambda: None, log: str = "") -> None:
        self.ended, self._log = ends, log
        self.statuses: Iterator[int] = itertools.repeat(0)
        self.asked: list[tuple[str, ...]] = []

    def log_tail(self) -> str:
        return self._log

    def run(self, command: tuple[str, ...]) -> tuple[int, str]:
        self.asked.append(command)
        return next(self.statuses), "disk is full"


class Hanging(Eyes):
    """Whose commands end when the test says so."""

    over = threading.Event()

    def run(self, command: tuple[str, ...]) -> tuple[int, str]:
        super().run(command)
        self.over.wait(30)
        return 0, ""


class Web(ThreadingHTTPServer):
    """Answers the n-th request, from 0, with the status that *answers* says."""

    daemon_threads = True

    def __init__(self, answers: Answers) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers, self.asked, self.lock = answers, 0, threading.Lock()


class Answering(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        with self.server.lock:
            number = self.server.asked
            self.server.asked += 1
        status = self.server.answers(number)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"not today" if status >= 400 else b"fine")

    def log_message(self, *_: Any) -> None:
        pass


def test_who_answers_several_times_in_a_row_passes():
    """Three good answers are asked for, no more and no fewer."""
    with web(ALWAYS) as server:
        proven(trial(server, http="/"), {"web-1": Eyes()})
    assert 3 == server.asked


@pytest.mark.parametrize("status", [200, 204, 302, 399])
def test_any_answer_from_200_to_399_is_good(status: int):
    """Redirects are as good as pages."""
    with web(lambda _: status) as server:
        assert proven(trial(server, http="/"), {"web-1": Eyes()}) >= 0


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_bad_answer_is_told(status: int):
    """The failure says which instance, how long it had, and what it answered last."""
    with web(lambda _: status) as server:
        failure = failing(trial(server, http="/", **IMPATIENT))
    assert f"instance web-1 not well within 0.5 s; last answer: {status} " in str(failure)
    assert ": not today\n" in str(failure)
    assert 10 == failure.exit_code


def test_who_flaps_never_passes():
    """Two good answers and a bad one, again and again, are never three in a row."""
    with web(lambda number: 500 if number % 3 == 2 else 200) as server:
        failure = failing(trial(server, http="/", every="50ms", times=3, within="1s"))
    assert "not well within 1 s" in str(failure)


def test_a_bad_answer_starts_the_count_again():
    """Good, bad, good, good, good: five answers until it passes."""
    with web(lambda number: 500 if number == 1 else 200) as server:
        proven(trial(server, http="/"), {"web-1": Eyes()})
    assert 5 == server.asked


def test_a_slow_start_within_the_time_passes():
    """Instances may need a while: ten bad answers do no harm while there is time."""
    with web(lambda number: 200 if number >= 10 else 503) as server:
        proven(trial(server, http="/"), {"web-1": Eyes()})
    assert 13 == server.asked


def test_a_slow_start_beyond_the_time_fails():
    """It would have become well, but later than the spec allows."""
    late = threading.Event()
    with web(lambda _: 200 if late.is_set() else 503) as server:
        failure = failing(trial(server, http="/", **IMPATIENT))
        late.set()
    assert "not well within 0.5 s; last answer: 503" in str(failure)


def test_who_does_not_listen_fails():
    """The address that nobody answered is told."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        port = unheard.getsockname()[1]
        failure = failing(trial_at(port, tcp=True, **IMPATIENT))
    assert f"last answer: 127.0.0.1:{port}: [Errno 111] Connection refused" in str(failure)


def test_who_accepts_and_says_nothing_fails():
    """A probe takes no longer than health.every."""
    with listening() as server:
        failure = failing(trial_at(server.getsockname()[1], http="/", **IMPATIENT))
    # On a busy machine it is the gate's own patience that ends first.
    assert any(words in str(failure) for words in ("timed out", "none within"))


def test_who_speaks_no_http_fails():
    """Garbage in place of an answer is a bad answer, not a bug."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.example.com ESMTP\r\n")

    with accepting(speak) as port:
        failure = failing(trial_at(port, http="/", **IMPATIENT))
    assert "last answer: 127.0.0.1:" in str(failure)


def test_an_exit_is_noticed_at_once():
    """Nobody waits an hour for what ended already."""
    with web(ALWAYS) as server:
        eyes = Eyes(ends=lambda: "exited with status 3", log="no database")
        failure = failing(trial(server, http="/", times=100, within="1h"), eyes)
    assert "instance web-1 exited with status 3; last answer: 200 OK: fine" in str(failure)
    assert 1 == server.asked


def test_an_exit_after_the_first_good_answer_is_noticed():
    """One that answers once and dies has not passed."""
    answered = threading.Event()

    def first(number: int) -> int:
        if number:
            answered.set()
        return 200

    with web(first) as server:
        eyes = Eyes(ends=lambda: "is gone" if answered.is_set() else None)
        failure = failing(trial(server, http="/"), eyes)
    assert "instance web-1 is gone" in str(failure)


def test_an_exit_at_the_last_good_answer_is_noticed():
    """Even the answer that would have let it pass does not help who is dead by then."""
    with web(ALWAYS) as server:
        eyes = Eyes(ends=lambda: "is gone" if server.asked >= 3 else None)
        failure = failing(trial(server, http="/"), eyes)
    assert "instance web-1 is gone" in str(failure)


def test_an_open_port_passes():
    """With tcp it is enough to accept, also without a word."""
    with listening() as server:
        assert proven(trial_at(server.getsockname()[1], tcp=True), {"web-1": Eyes()})


def test_a_port_is_knocked_at_where_nothing_else_is_asked_for():
    """No kind of health means tcp."""
    with listening() as server:
        assert proven(trial_at(server.getsockname()[1]), {"web-1": Eyes()})


def test_who_speaks_first_passes():
    """A banner, as mail servers send it, is no hang-up."""
    with accepting(lambda connection: connection.sendall(b"hello")) as port:
        assert proven(trial_at(port, tcp=True), {"web-1": Eyes()})


def test_a_proxy_that_accepts_and_hangs_up_fails():
    """Docker's own proxy accepts for an instance that does not listen yet."""
    with accepting(lambda connection: None) as port:
        failure = failing(trial_at(port, tcp=True, **IMPATIENT))
    assert "last answer: accepted, then closed the connection" in str(failure)


def test_a_command_is_run_inside():
    """With exec the port does not matter, only the exit status."""
    eyes = Eyes()
    proven(trial_at(1, exec=["/bin/check", "-q"]), {"web-1": eyes})
    assert [("/bin/check", "-q")] * 3 == eyes.asked


def test_a_command_that_fails_is_told():
    """Its exit status and what it printed are the last answer."""
    eyes = Eyes()
    eyes.statuses = itertools.repeat(2)
    failure = failing(trial_at(1, exec=["/bin/check"], **IMPATIENT), eyes)
    assert "last answer: exit status 2: disk is full" in str(failure)


def test_a_command_that_hangs_fails_when_the_time_is_over():
    """Docker cannot end it, so nobody waits for its end, and no second one is started meanwhile."""
    eyes = Hanging()
    failure = failing(trial_at(1, exec=["/bin/check"], **IMPATIENT), eyes)
    assert not eyes.over.is_set()
    eyes.over.set()
    assert "not well within 0.5 s; last answer: none within 0." in str(failure)
    assert 1 == len(eyes.asked)


def test_an_answer_that_drips_fails_when_the_time_is_over():
    """Each byte comes in time, the whole of it never does."""
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        with suppress(OSError):
            while not over.wait(0.01):
                connection.sendall(b"H")

    with accepting(drip) as port:
        failure = failing(trial_at(port, http="/", **IMPATIENT))
        over.set()
    assert "not well within 0.5 s; last answer: none within 0." in str(failure)


def test_all_instances_are_tried_at_once():
    """Each of them waits for the others' first request: one after the other none would pass."""
    together = threading.Barrier(8)

    def meet(number: int) -> int:
        if number == 0:
            together.wait(timeout=30)
        return 200

    servers = [Web(meet) for _ in range(8)]
    with running(*servers):
        every = trial(*servers, http="/", every="60s", within="1h")
        proven(every, {each.name: Eyes() for each in every.candidates})
    assert not together.broken


def test_one_bad_instance_fails_all():
    """The failure names the instance that was bad, among others that were good."""
    with web(ALWAYS) as good, web(lambda _: 500) as bad:
        every = trial(good, bad, http="/", **IMPATIENT)
        with pytest.raises(GateFailed, match="instance web-2 not well"):
            proven(every, {each.name: Eyes() for each in every.candidates})


def test_it_ends_when_nobody_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """However long it would wait for a good answer; and nothing is said against the generation."""
    monkeypatch.setenv(notes.VARIABLE, str(tmp_path / "notes"))
    threading.Timer(0.3, notes.ask_to_end, [tmp_path / "notes"]).start()
    with web(lambda _number: 500) as server, pytest.raises(Stopped):
        proven(trial(server, http="/", within="1h"), {"web-1": Eyes()})


def test_it_ends_also_where_an_answer_comes_at_that_very_moment():
    """The answer does not make it forget that nobody waits for it any more."""

    async def cancelled() -> bool:
        answer: asyncio.Future[tuple[bool, str]] = asyncio.get_running_loop().create_future()
        waiting = asyncio.create_task(gate._bounded(answer, 60))
        await asyncio.sleep(0)
        answer.set_result((True, "500"))
        waiting.cancel()
        await asyncio.wait([waiting])
        return waiting.cancelled()

    assert asyncio.run(cancelled())


def test_the_first_failure_ends_the_trial_of_all():
    """Nobody waits for slow ones when one has failed."""
    with web(lambda _: 500) as slow, web(ALWAYS) as dead:
        every = trial(slow, dead, http="/", within="1h")
        with pytest.raises(GateFailed, match="web-2 exited"):
            proven(every, {"web-1": Eyes(), "web-2": Eyes(ends=lambda: "exited")})


def test_the_failure_shows_the_log():
    """Where, what, the instance's last lines, the way out and what is still live."""
    with web(ALWAYS) as server:
        failure = failing(trial(server, http="/"), Eyes(lambda: "exited with status 3", "a\na\nb"))
    assert (
        "gate of web-0000000: instance web-1 exited with status 3; last answer: 200 OK: fine\n"
        "its last lines (docker logs c):\n  | a (2 times)\n  | b\n"
        "fix: mend the service or its spec; to clean up, go back to the earlier spec and run the "
        "update again\n"
        "state: web-1111111 stays live and keeps all traffic"
    ) == str(failure)


def test_a_silent_instance_is_called_so():
    """An empty log is told as one."""
    with web(ALWAYS) as server:
        failure = failing(trial(server, http="/"), Eyes(lambda: "exited"))
    assert "its last lines (docker logs c):\n  | (it printed nothing)\n" in str(failure)


def test_at_most_twenty_lines_are_asked_for():
    """Those at the end: Docker is asked for no more, and what is no text does no harm."""
    client = MagicMock()
    client.api.logs.return_value = b"caf\xe9\nlast\n"
    assert "caf\ufffd\nlast" == Watch(client, "c").log_tail()
    client.api.logs.assert_called_once_with("c", tail=20)


AGAIN = {
    "as it was": ({"a", "b"}, False),
    "fewer, as after a scale in": ({"a"}, False),
    "one raised in place of another": ({"a", "c"}, True),
}


@pytest.mark.parametrize(("containers", "again"), AGAIN.values(), ids=AGAIN.keys())
def test_only_what_was_raised_since_has_to_pass(containers: set[str], again: bool):
    """What was proven stays proven, whatever else has changed in the gate's inputs."""
    olds, news = asked({"a", "b"}, every=1), asked(containers, every=2)
    assert again == GateProvider().diff("id", olds, news).changes


def test_a_preview_says_that_what_it_would_raise_has_to_pass():
    """The engine then knows nothing of the trial: its containers are to be created first."""
    assert GateProvider().diff("id", asked({"a"}), {"trial": UNKNOWN}).changes


def asked(containers: set[str], **health: float) -> dict[str, Any]:
    """Of the gate, as far as its diff looks."""
    candidates = [{"container": each} for each in sorted(containers)]
    return {"trial": json.dumps({"candidates": candidates, "health": health})}


def trial(*servers: Web, **health: Any) -> Trial:
    return _trial([server.server_port for server in servers], health)


def trial_at(port: int, **health: Any) -> Trial:
    return _trial([port], health)


def _trial(ports: list[int], health: dict[str, Any]) -> Trial:
    candidates = tuple(
        Candidate(
            name=f"web-{number}", container="c", daemon=Daemon(), address="127.0.0.1", port=port
        )
        for number, port in enumerate(ports, start=1)
    )
    if "exec" in health:
        health["exec"] = tuple(health["exec"])
    well = Health.model_validate({**WELL, **health})
    return Trial(
        generation="web-0000000", health=well, pids=64, candidates=candidates, before="web-1111111"
    )


def proven(trial: Trial, eyes: dict[str, Eyes]) -> float:
    return asyncio.run(prove(trial, cast("dict[str, gate.Eyes]", eyes)))


def failing(trial: Trial, eyes: Eyes | None = None) -> GateFailed:
    with pytest.raises(GateFailed) as raised:
        proven(trial, {"web-1": eyes or Eyes()})
    return raised.value


@contextmanager
def running(*servers: Web) -> Iterator[None]:
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


@contextmanager
def web(answers: Answers) -> Iterator[Web]:
    server = Web(answers)
    with running(server):
        yield server


@contextmanager
def listening() -> Iterator[socket.socket]:
    """The kernel accepts, nobody ever answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server


@contextmanager
def accepting(greet: Callable[[socket.socket], None]) -> Iterator[int]:
    """Accepts, greets and hangs up."""
    with listening() as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    greet(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
