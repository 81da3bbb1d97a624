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
_BOT: Final = re.compile(r"(?<![^\W_])bot(?![^\W_])|^(?:github )?copilot(?![^\W_])", re.IGNORECASE)
"""The word bot, however it is set off (`[bot]`, `deploy_bot`), and Copilot by each of its names."""
_ASSISTANTS: Final = frozenset(
    {
        "cursor agent", "cursoragent", "devin ai", "jules", "codex", "dependabot", "dependabot-preview", "renovate",
        "greenkeeper", "snyk", "pyup", "github", "github actions", "github-actions", "gitlab", "web-flow",
    }
)  # fmt: skip
"""Names under which programs commit and deploy that do not call themselves bots."""
_NO_REPLY: Final = frozenset({"noreply", "no-reply"})


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
    """Whether a program acts under this name or address, the one rule for commits and for deploys.

    A login ends in bot by chance (`jane-abbot`), so a hidden address (`users.noreply`) is a person's unless its login
    says otherwise by itself. A login that is told without an address is a name.
    """
    local, _, host = address.strip().lower().rpartition("@")
    hidden = host.startswith(_HIDDEN)
    words = (name, account_of(address).rpartition(":")[2]) if hidden else (name,)
    if any(_BOT.search(word.strip()) or word.strip().lower() in _ASSISTANTS | _NO_REPLY for word in words):
        return True
    return not hidden and (local.endswith(("bot", "[bot]")) or local in _NO_REPLY)


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
