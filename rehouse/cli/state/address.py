"""The address of a state in PostgreSQL, and the password in it, apart from each other."""

import re
from urllib.parse import unquote, unquote_plus

# As PostgreSQL's own clients read it, up to the last @. Where ? and # stand as they are, a password ends there
# only if it must: after a host without a path come options, which have = in them.
USER = re.compile(r"(?P<before>[a-z]+://[^:/?#@]*):(?P<password>[^/?#]*|[^/=]*)@", re.IGNORECASE)
WORD = "password"


def parted(url: str) -> tuple[str, str | None]:
    """The address without its password, and the password as it is meant; None for one that has none.

    It stands before the host or among the options; with both, the latter counts, as for the engine.
    """
    place, question, query = USER.sub(r"\g<before>@", url, count=1).partition("?")
    options = [option.partition("=") for option in query.split("&")]
    given = [unquote_plus(v) for key, _, v in options if unquote_plus(key) == WORD and v]
    kept = ["".join(each) for each in options if unquote_plus(each[0]) != WORD]
    if not given and (found := USER.match(url)):
        given = [unquote(found["password"])]
    return place + (question if any(kept) else "") + "&".join(kept), next(iter(given), None)
