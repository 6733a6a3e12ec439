"""Who we are to a registry is read where `docker login` writes it."""

import json
from pathlib import Path

import pytest

from rehouse.components.errors import OutOfReach
from rehouse.oci.credentials import Login, login

HELPER = """#!/bin/sh
read server
case $server in
known.example.com) echo '{"ServerURL": "", "Username": "ops", "Secret": "s3cret"}' ;;
token.example.com) echo '{"ServerURL": "", "Username": "<token>", "Secret": "ref"}' ;;
broken.example.com) echo 'the keyring is locked'; exit 1 ;;
*) echo 'credentials not found in native keychain'; exit 1 ;;
esac
"""


@pytest.fixture(autouse=True)
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "docker-credential-test").write_text(HELPER)
    (tmp_path / "docker-credential-test").chmod(0o755)
    return tmp_path


def say(folder: Path, **settings: object) -> None:
    (folder / "config.json").write_text(json.dumps(settings))


def test_nobody_is_logged_in_without_a_file() -> None:
    assert login("r.example.com") is None


@pytest.mark.parametrize("key", ["r.example.com", "https://r.example.com/v2/"])
def test_a_password_in_the_file(docker: Path, key: str) -> None:
    say(docker, auths={key: {"auth": "b3BzOmh1bnRlcjI="}, "other.example.com": {"auth": "eDp5"}})
    assert login("r.example.com") == Login("ops", "hunter2")


def test_the_hub_is_known_by_its_old_name(docker: Path) -> None:
    say(docker, auths={"https://index.docker.io/v1/": {"auth": "b3BzOmh1bnRlcjI="}})
    assert login("docker.io") == Login("ops", "hunter2")


@pytest.mark.parametrize(
    "settings", [{"credsStore": "test"}, {"credHelpers": {"known.example.com": "test"}}]
)
def test_a_helper_is_asked(docker: Path, settings: dict[str, object]) -> None:
    say(docker, **settings)
    assert login("known.example.com") == Login("ops", "s3cret")
    assert login("unknown.example.com") is None


def test_a_token_stands_for_both(docker: Path) -> None:
    say(docker, credsStore="test")
    assert login("token.example.com") == Login("", "", "ref")


def test_a_helper_that_fails_is_told_in_its_words(docker: Path) -> None:
    say(docker, credsStore="test")
    with pytest.raises(OutOfReach, match="the keyring is locked"):
        login("broken.example.com")


def test_a_helper_that_is_missing_is_named(docker: Path) -> None:
    say(docker, credHelpers={"r.example.com": "gone"})
    with pytest.raises(OutOfReach, match="docker-credential-gone"):
        login("r.example.com")


@pytest.mark.parametrize("words", ["hunter2!", "aHVudGVyMg==", "=hunter2"])
def test_a_damaged_file_is_not_quoted(docker: Path, words: str) -> None:
    say(docker, auths={"r.example.com": {"auth": words}})
    with pytest.raises(OutOfReach, match="it is damaged") as caught:
        login("r.example.com")
    assert "hunter2" not in str(caught.value)


def test_secrets_are_not_shown_by_accident() -> None:
    assert "hunter2" not in repr(Login("ops", "hunter2", "hunter2"))
