"""Who we are to a registry: what ``docker login`` keeps, in its file or its helpers."""

import warnings
from dataclasses import dataclass, field

from docker import auth
from docker.errors import DockerException

from rehouse.components.errors import OutOfReach


@dataclass(frozen=True)
class Login:
    """Name and password, or a token that stands for both."""

    user: str
    password: str = field(repr=False)
    token: str = field(default="", repr=False)


def login(registry: str) -> Login | None:
    """None where nobody has logged in. Raises OutOfReach where Docker's configuration cannot be read."""
    try:
        with warnings.catch_warnings(action="ignore"):  # a missing helper is told by its error
            known = auth.load_config().resolve_authconfig(registry) or {}
    except (DockerException, ValueError) as error:
        # No words of the decoder's: it would quote what it could not decode.
        words = error if isinstance(error, DockerException) else "it is damaged"
        fix = f"docker login {registry}"
        raise OutOfReach(
            f"login for registry {registry}", f"cannot be read: {words}", fix
        ) from None
    said = {name.lower(): value or "" for name, value in known.items()}
    if not said.get("username") and not said.get("identitytoken"):
        return None
    return Login(said.get("username", ""), said.get("password", ""), said.get("identitytoken", ""))
