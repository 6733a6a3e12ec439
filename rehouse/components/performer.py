"""Who does it: written down beside what is raised, and told to hooks."""

import getpass
import os
import socket


def performer() -> str:
    """user@host of this process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
