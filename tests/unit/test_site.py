"""A site says which machines there are; what cannot be one is refused, and shown."""

# ruff: noqa: SIM300

import pytest

from rehouse.components.errors import Wrong
from rehouse.components.site import Daemon, address_of, read_site

WHERE = "Pulumi.dev.yaml, site"


@pytest.mark.parametrize(
    "url",
    [
        "ssh://ops@",
        "ssh://ops:hunter2@rack",
        "ssh://rack:22x",
        "tcp://[::1",
        "ssh://rack:0",
    ],
)
def test_a_url_that_is_none_is_refused(url: str):
    """Without a host, with a password, with a port that is no number: said at once, not in mid-update."""
    with pytest.raises(Wrong, match="must be scheme://host") as raised:
        read_site({"daemons": [{"url": url, "certificates": "/c"}]}, WHERE)
    assert WHERE in str(raised.value)


@pytest.mark.parametrize("url", ["ssh://rack", "ssh://ops@rack:2222", "tcp://10.0.0.1:2376"])
def test_the_usual_urls_are_accepted(url: str):
    """User and port are optional."""
    assert url == read_site({"daemons": [{"url": url, "certificates": "/c"}]}, WHERE).daemons[0].url


def test_a_machine_is_reached_at_a_number():
    """Names are looked up on this machine; an address that is given wins."""
    assert "127.0.0.1" == address_of(Daemon(url="ssh://ops@localhost"))
    assert "10.0.0.5" == address_of(Daemon(url="ssh://ops@jump", address="10.0.0.5"))


def test_a_name_that_nobody_knows_is_refused():
    """Only ssh's own configuration may know it: the key that helps is named."""
    with pytest.raises(
        Wrong, match=r"'rack\.invalid' is no known host\nfix: give the daemon an address"
    ):
        address_of(Daemon(name="a", url="ssh://ops@rack.invalid"))


def test_a_site_may_be_a_text_in_json():
    """As `pulumi config set site '{…}'` keeps it: a program reads it so, and every command must, too."""
    site = read_site('{"router": {"image": "haproxy:2.8"}}', WHERE)
    assert "haproxy:2.8" == site.router.image
    with pytest.raises(Wrong, match="must be keys with values"):
        read_site("rack", WHERE)


@pytest.mark.parametrize(
    ("daemon", "place", "fix"),
    [
        ({"url": "tcp://10.0.0.1:2376"}, "daemons.0", "add the key certificates to this daemon"),
        ({"url": "foo://rack"}, "daemons.0.url", "unix:///path/to/socket, tcp://"),
        ({"url": "ssh://rack:0"}, "daemons.0.url", "unix:///path/to/socket, tcp://"),
    ],
)
def test_a_wrong_daemon_is_one_error(daemon: dict[str, str], place: str, fix: str):
    """With its own way out; the list is not said to be empty for it."""
    with pytest.raises(Wrong) as raised:
        read_site({"daemons": [daemon]}, WHERE)
    told = str(raised.value)
    assert told.startswith(f"{WHERE}: {place}: ")
    assert (1, True) == (told.count("fix: "), f"\nfix: {fix}" in told)


def test_a_list_that_is_empty_is_told_beside_other_errors():
    """It follows from none of them."""
    with pytest.raises(Wrong, match="daemons: must not be empty") as raised:
        read_site({"daemons": [], "router": {"image": 1}}, WHERE)
    assert 2 == str(raised.value).count("fix: ")
