"""Why a Docker daemon does not answer is told to people, from what its real client raises."""

# ruff: noqa: SIM300

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import rehouse.components.daemon as daemon_module
from lab.certificates import make_certificates
from rehouse.components.daemon import connected
from rehouse.components.errors import OutOfReach
from rehouse.components.site import Daemon
from rehouse.components.unanswered import reason, unanswered


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    """Somebody listens there, and never says a word."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "docker.sock"))
        listener.listen()
        yield listener


def test_a_socket_that_is_not_there():
    """Docker is named in what went wrong: for a rollout that is undone, this alone is told."""
    error = asked("unix:///nowhere.sock")
    assert "daemon local" == error.where
    assert "Docker at unix:///nowhere.sock does not answer: no such socket" == error.what
    assert "see that Docker runs there: docker --host unix:///nowhere.sock info" == error.fix


def test_a_socket_without_a_daemon(listening: socket.socket):
    """The file is left, and nobody listens."""
    url = f"unix://{listening.getsockname()}"
    listening.close()
    assert f"Docker at {url} does not answer: connection refused" == asked(url).what


def test_a_daemon_that_is_silent(listening: socket.socket, monkeypatch: pytest.MonkeyPatch):
    """How long it was waited for is told."""
    monkeypatch.setattr(daemon_module, "SECONDS", 0.2)
    url = f"unix://{listening.getsockname()}"
    assert f"Docker at {url} does not answer: timed out after 0.2 s" == asked(url).what


def test_a_daemon_that_hangs_up(listening: socket.socket):
    """It is there, and ends in between."""
    threading.Thread(target=lambda: listening.accept()[0].close(), daemon=True).start()
    url = f"unix://{listening.getsockname()}"
    assert f"Docker at {url} does not answer: it closed the connection" == asked(url).what


def test_a_daemon_that_is_silent_later(listening: socket.socket, monkeypatch: pytest.MonkeyPatch):
    """What happens while the client is used is told in the same way."""
    threading.Thread(target=lambda: answer_once(listening), daemon=True).start()
    url = f"unix://{listening.getsockname()}"
    with pytest.raises(OutOfReach) as raised:
        ping(url, monkeypatch)
    assert f"Docker at {url} does not answer: timed out after 0.2 s" == raised.value.what


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "denied"), "permission denied: this user may not use its socket"),
        (socket.gaierror(-2, "Name or service not known"), "no such host"),
    ],
)
def test_what_is_wrapped_is_found(error: Exception, told: str):
    """However deep, among the arguments or as the cause."""
    assert told == reason(OSError("Connection aborted.", OSError(error)), 15)
    outer = OSError("Connection aborted.")
    outer.__cause__ = error
    assert told == reason(outer, 15)


def test_what_is_not_known_keeps_its_words():
    """It is not guessed at."""
    assert "something else" == reason(ValueError("something else"), 15)


def test_a_daemon_that_another_authority_vouches_for(tmp_path: Path):
    """Why it is not trusted, without the names of the client's classes."""
    theirs, ours = (make_certificates(tmp_path / name) for name in ("theirs", "ours"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(theirs.server / "cert.pem", theirs.server / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=lambda: shake_hands(context, listener), daemon=True).start()
        url = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        told = asked(url, certificates=str(ours.client)).what
    assert told.startswith(f"Docker at {url} does not answer: certificate verify failed: ")
    assert "Pool" not in told


def test_what_ssh_said_is_the_reason():
    """The client knows only that it ended; a long text is told by its end."""
    rack, error = Daemon(name="rack", url="ssh://rack"), ConnectionResetError("reset")
    told = unanswered(rack, error, 15, "Permission denied\n (publickey).\n").what
    assert "Docker at ssh://rack does not answer: Permission denied (publickey)." == told
    assert unanswered(rack, error, 15, "x" * 300 + "end").what.endswith("xend")


def asked(url: str, **site: str) -> OutOfReach:
    with (
        pytest.raises(OutOfReach) as raised,
        connected(Daemon.model_validate({"url": url, **site})),
    ):
        pass
    return raised.value


def ping(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with connected(Daemon(url=url)) as client:
        monkeypatch.setattr(client.api, "timeout", 0.2)
        client.ping()


def answer_once(listening: socket.socket) -> None:
    connection = listening.accept()[0]
    body = b'{"ApiVersion": "1.41"}'
    connection.recv(65536)
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    threading.Event().wait(5)


def shake_hands(context: ssl.SSLContext, listener: socket.socket) -> None:
    with suppress(OSError), listener.accept()[0] as connection:
        context.wrap_socket(connection, server_side=True)
