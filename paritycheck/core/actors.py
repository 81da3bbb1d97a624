"""Who took part in a deploy: what is kept of a name, and which addresses and logins are one. Who is a bot says
`core.people`.
"""

from __future__ import annotations

from typing import Final

ROLES: Final = ("trigger", "approver", "merger", "watcher")
NAME_CHARS: Final = 120
HOSTS: Final = {"github": "github.com", "gitlab": "gitlab.com"}


def address_of(login: str, host: str) -> str:
    """The address that stands for a login of a hosting service: what its users commit under who hide their own."""
    return f"{login.strip().lower()}@users.noreply.{host}"


def shown_name(said: str) -> str:
    """A name to show, at most 120 characters; of an address only what stands before its @."""
    return said.strip().partition("@")[0].strip()[:NAME_CHARS]
