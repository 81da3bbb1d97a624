"""Who is who: one account for the several addresses that a hosting service gives a login, one person for accounts that
were linked by hand, and who is a bot (gaps.md, Personnel).

The mailmap is the agent's work. Equal names alone are never merged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_HIDDEN: Final = "users.noreply."
_PROVIDERS: Final = {"github.com": "github", "gitlab.com": "gitlab"}
_BOT: Final = re.compile(r"\[bot\]|\(bot\)|\bbot\b", re.IGNORECASE)
_ASSISTANTS: Final = frozenset(
    {
        "copilot", "github copilot", "copilot-swe-agent", "cursor agent", "cursoragent", "devin ai", "jules", "codex",
        "dependabot", "dependabot-preview", "renovate", "greenkeeper", "snyk", "pyup", "github actions",
        "github-actions", "web-flow",
    }
)  # fmt: skip
"""Names under which programs commit that do not call themselves bots."""


def account_of(address: str) -> str:
    """The address in lower case; both no-reply forms of one login are `<provider>:<login>`.

    `5+tom@users.noreply.github.com` and `tom@users.noreply.github.com` are `github:tom`, and
    `5-tom@users.noreply.gitlab.com` is `gitlab:tom`. Another host stands for itself.
    """
    text = address.strip().lower()
    local, _, host = text.rpartition("@")
    if not local or not host.startswith(_HIDDEN):
        return text
    host = host.removeprefix(_HIDDEN)
    number, sign, login = local.partition("+")
    if not sign and host.startswith("gitlab"):
        number, sign, login = local.partition("-")
    numbered = bool(sign and login) and number.isascii() and number.isdecimal()
    return f"{_PROVIDERS.get(host, host)}:{login if numbered else local}"


def is_bot(name: str, address: str = "") -> bool:
    """Whether a program wrote under this name or address. A person's hidden address (`users.noreply`) is a person's."""
    text = address.strip().lower()
    local, _, host = text.rpartition("@")
    if _BOT.search(name) or "[bot]" in local or name.strip().lower() in _ASSISTANTS:
        return True
    if host.startswith(_HIDDEN):
        return False
    return local.endswith("bot") or local in {"noreply", "no-reply"}


@dataclass(frozen=True, slots=True)
class People:
    """Keys of accounts to persons; a key that nobody linked is a person of its own."""

    links: Mapping[str, str] = field(default_factory=dict, hash=False)

    def person(self, key: str) -> str:
        return self.links.get(key, key)


def link(links: Mapping[str, str], keys: Collection[str]) -> dict[str, str]:
    """The links once these accounts, and all that each was linked with before, are one person."""
    joined = {links.get(key, key) for key in keys}
    members = {key for key, person in links.items() if person in joined} | set(keys) | joined
    person = min(members)
    return {**links, **dict.fromkeys(members, person)}


def unlink(links: Mapping[str, str], keys: Collection[str]) -> dict[str, str]:
    """The links once each of these accounts stands for itself; those left of its group stay together."""
    left: dict[str, set[str]] = {}
    for key, person in links.items():
        if key not in keys:
            left.setdefault(person, set()).add(key)
    return {key: min(group) for group in left.values() if len(group) > 1 for key in group}
