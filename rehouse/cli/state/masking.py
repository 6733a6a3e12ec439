"""Addresses that other programs quote, like that of a state backend, without the passwords in them."""

import re

# Greedy up to the last @: a password may have any sign in it, and is quoted as it was given.
USER = re.compile(r"""([a-z][a-z0-9+.-]*://[^\s:/@"']*:)[^\s"']+@""", re.IGNORECASE)
QUERY = re.compile(r"""([?&][\w.-]*(?:password|secret|token)[\w.-]*=)[^&\s"']+""", re.IGNORECASE)


def masked(text: str) -> str:
    """The same with *** for each password."""
    return QUERY.sub(r"\1***", USER.sub(r"\1***@", text))
