"""Tokens as pages show them: what they are for, when they end, never their secret."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from paritycheck.models import Token
from paritycheck.models.tokens import TokenKind
from paritycheck.web.visible import visible

SOON: Final = timedelta(days=14)
MOST_DIGITS: Final = 4
SCOPES: Final = {
    "read": "sees what you see",
    "write": "changes policy and channels, records deploys, as far as your role does",
    "waive": "accepts drifts for a while",
    "admin": "members, and tokens of projects and your own",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One token; `asked`: whoever looks is asked whether it shall really end."""

    token: Token
    name: str
    may: str
    made_by: str
    soon: bool
    asked: bool
    revoke: str
    places: tuple[str, ...]


def row_of(token: Token, now: datetime, asked: str, revoke: str) -> Row:
    """A token of a project or of a person; `revoke` is the address that ends it."""
    soon = token.expires_at is not None and token.expires_at - now < SOON
    name = visible(token.name) or _unnamed(token)
    made_by = "" if token.kind == TokenKind.PERSONAL else visible(token.made_by) or "a command"
    return Row(token, name, may_of(token), made_by, soon, token.pk == asked, revoke, tuple(token.allowed_from.split()))


def may_of(token: Token) -> str:
    """`report from staging`, `read, waive`."""
    if token.kind == TokenKind.PERSONAL:
        return ", ".join(token.scopes)
    place = token.environment.slug if token.environment is not None else ""
    if token.kind == TokenKind.ENROL:
        return _enrols(token, place)
    if token.kind == TokenKind.REPORT and place:
        return f"report from {place}{' as itself' if token.instance_key else ''}"
    return "ask the gate" if token.kind == TokenKind.GATE else "report"


def _enrols(token: Token, place: str) -> str:
    """`enrol 47 more of 50 in staging`."""
    if token.max_uses is None:
        return f"enrol instances of {place}"
    return f"enrol {token.max_uses - token.uses} more of {token.max_uses} in {place}"


def _unnamed(token: Token) -> str:
    if token.kind == TokenKind.PERSONAL:
        return "without a name"
    return token.environment.slug if token.environment is not None else "gate"


def networks_in(said: str) -> list[str]:
    """Networks as people write them down: with blanks, commas or lines between them."""
    return said.replace(",", " ").split()


def number_in(said: str) -> int | None:
    """What was written as a whole number; None where nothing was, and 0 for what is none."""
    text = said.strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 0
