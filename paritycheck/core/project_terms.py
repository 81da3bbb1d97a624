"""What a project is to be: the shapes that the file of `paritycheck apply` is read into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck.core.subscriptions import SubscriptionTerms

ROLES: Final = ("viewer", "member", "maintainer", "owner")
"""What a member may do, each including the one before."""
TOKENS: Final = ("report", "gate")
"""What a token of a file is for."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a channel: its text, or the name of the environment variable (`env`) or file (`file`) with it."""

    line: int
    source: str
    word: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnvironmentTerms:
    """One environment; None where the file leaves it as it is, or as it is made."""

    line: int
    slug: str
    tier: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class MemberTerms:
    """One member, by the address in small letters."""

    line: int
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class ChannelTerms:
    """One channel; settings that are not named stay."""

    line: int
    name: str
    kind: str
    settings: Mapping[str, Setting]


@dataclass(frozen=True, slots=True)
class Asked:
    """One subscription, of a member (an address) or of a channel (its name); the other one is empty."""

    line: int
    member: str
    channel: str
    terms: SubscriptionTerms


@dataclass(frozen=True, slots=True)
class TokenTerms:
    """One token, by its name; `environment` is empty for one of the project. `lives_s` counts from when it is made."""

    line: int
    name: str
    kind: str
    environment: str = ""
    lives_s: int | None = None


@dataclass(frozen=True, slots=True)
class ProjectTerms:
    """One project. A part that is None does not stand in the file, and nothing of it is touched."""

    line: int
    slug: str
    baseline: str | None = None
    policy_from: str | None = None
    environments: tuple[EnvironmentTerms, ...] | None = None
    members: tuple[MemberTerms, ...] | None = None
    channels: tuple[ChannelTerms, ...] | None = None
    subscriptions: tuple[Asked, ...] | None = None
    tokens: tuple[TokenTerms, ...] | None = None
