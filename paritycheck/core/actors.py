"""Who took part in a deploy: what is kept of a name, and which addresses and logins are one."""

from __future__ import annotations

import re
from typing import Final

ROLES: Final = ("trigger", "approver", "merger", "watcher")
NAME_CHARS: Final = 120
HOSTS: Final = {"github": "github.com", "gitlab": "gitlab.com"}
_BOT_WORD: Final = re.compile(r"(?<![a-z0-9])bot(?![a-z0-9])", re.IGNORECASE | re.ASCII)
_MACHINES: Final = frozenset({"copilot", "github", "gitlab", "github-actions", "noreply", "no-reply"})


def address_of(login: str, host: str) -> str:
    """The address that stands for a login of a hosting service: what its users commit under who hide their own."""
    return f"{login.strip().lower()}@users.noreply.{host}"


def shown_name(said: str) -> str:
    """A name to show, at most 120 characters; of an address only what stands before its @."""
    return said.strip().partition("@")[0].strip()[:NAME_CHARS]


def is_bot(name: str, address: str = "") -> bool:
    """Whether a machine acts under this name or address (gaps.md); a `users.noreply` address is a person's."""
    local, _, host = address.strip().lower().partition("@")
    login = local.rpartition("+")[2] if host.startswith("users.noreply.") else local
    names = {name.strip().lower(), login}
    if names & _MACHINES or login.endswith(("bot", "[bot]")):
        return True
    return bool(_BOT_WORD.search(name)) or name.lower().startswith("copilot")
