"""What a person asks for when waiving: read from the members of a JSON document or a form, mistakes told by pointer."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.addresses import is_slug
from paritycheck.core.facts import SECTIONS
from paritycheck.core.findings import RULES
from paritycheck.core.policy_reading import MAX_TEXT, glob_fault, hidden_characters, quoted, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_DRIFTS: Final = 500
LONGEST: Final = dt.timedelta(days=366 * 5)
MEMBERS: Final = (
    "match", "pair", "drift", "drifts", "ratchet", "reason", "owner", "until", "until_change", "until_converged",
)  # fmt: skip
_COVERS: Final = ("match", "drift", "drifts", "ratchet")
_ENDS: Final = ("until", "until_change", "until_converged")
_WILD: Final = frozenset("*?[")
_DRIFT: Final = re.compile(r"[0-9a-f]{10,64}")


class TermsError(ValueError):
    """`faults` are (member, what is the matter); nothing in them is what was sent."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        self.faults = faults
        super().__init__("; ".join(detail for _, detail in faults))


@dataclass(frozen=True, slots=True)
class Terms:
    """One of `match`, `drifts` (identities or their first digits) and `ratchet` says what is covered; `pair` narrows a
    match or a ratchet.
    """

    reason: str
    owner: str
    match: str = ""
    pair: str | None = None
    drifts: tuple[str, ...] = ()
    ratchet: bool = False
    until: dt.datetime | None = None
    until_change: bool = False
    until_converged: bool = False


def read_terms(said: Mapping[str, Any], now: dt.datetime) -> Terms:
    """Raises TermsError."""
    reading = _Reading(said)
    covers = reading.covers()
    ends = reading.ends(now, ratchet=bool(covers.get("ratchet")))
    reason, owner = reading.text("reason"), reading.text("owner")
    if reading.faults:
        raise TermsError(reading.faults)
    return Terms(reason, owner, **covers, **ends)


class _Reading:
    def __init__(self, said: Mapping[str, Any]) -> None:
        self.said = {
            name: value for name, value in said.items() if value is not None and value is not False and value != ""
        }
        self.faults: list[tuple[str, str]] = []
        if not set(said) <= set(MEMBERS):
            self.fault("", f"a member is not known; known here: {', '.join(MEMBERS)}")

    def fault(self, member: str, detail: str) -> None:
        self.faults.append((member, detail))

    def text(self, member: str) -> str:
        value = self.said.get(member)
        if value is None or (isinstance(value, str) and not value.strip()):
            article = "an" if member == "owner" else "a"
            self.fault(member, f"a waiver needs {article} {member}")
        elif not isinstance(value, str) or len(value) > MAX_TEXT or _hides(value):
            self.fault(member, f"{member} is a text of 1 to {MAX_TEXT} characters, without control characters")
        else:
            return value.strip()
        return ""

    def flag(self, member: str) -> bool:
        value = self.said.get(member, False)
        if not isinstance(value, bool):
            self.fault(member, f"{member} is true or false")
        return value is True

    def covers(self) -> dict[str, Any]:
        told = [member for member in _COVERS if member in self.said]
        if len(told) != 1:
            self.fault("match", "say what it covers: one of match, drift, drifts and ratchet")
            return {}
        member = told[0]
        pair = self.pair(member) if "pair" in self.said else None
        if member == "ratchet":
            return {"ratchet": self.flag(member), "pair": pair}
        if member == "match":
            return {"match": self.match(self.said[member]), "pair": pair}
        return {"drifts": self.drifts(member)}

    def pair(self, member: str) -> str | None:
        value = self.said["pair"]
        if member not in {"match", "ratchet"}:
            self.fault("pair", "a drift has its pair already: pair goes with match or ratchet")
        elif not (isinstance(value, str) and value.count("..") == 1 and all(map(is_slug, value.split("..")))):
            self.fault("pair", "a pair is two environments, the baseline last, such as `staging..production`")
        else:
            return value
        return None

    def match(self, value: Any) -> str:
        fault = glob_fault(value) or match_fault(value)
        if fault:
            self.fault("match", fault)
        return str(value)

    def drifts(self, member: str) -> tuple[str, ...]:
        value = self.said[member]
        found = [value] if member == "drift" else value
        if isinstance(found, list) and 0 < len(found) <= MOST_DRIFTS and all(map(_is_drift, found)):
            return tuple(dict.fromkeys(found))
        self.fault(member, f"{member} holds identities of drifts, 10 to 64 hex digits, at most {MOST_DRIFTS}")
        return ()

    def ends(self, now: dt.datetime, *, ratchet: bool) -> dict[str, Any]:
        if not (ratchet or any(member in self.said for member in _ENDS)):
            self.fault("until", "a waiver needs an end: until, until_change or until_converged")
        until = self.until(now) if "until" in self.said else None
        converged = self.flag("until_converged") or ratchet
        return {"until": until, "until_change": self.flag("until_change"), "until_converged": converged}

    def until(self, now: dt.datetime) -> dt.datetime | None:
        moment = moment_of(self.said["until"])
        if moment is None:
            self.fault("until", "until is a date, such as 2026-12-31")
        elif moment <= now:
            self.fault("until", "until has passed already")
        elif moment - now > LONGEST:
            self.fault("until", "until is at most five years away")
        return moment


def _is_drift(value: object) -> bool:
    return isinstance(value, str) and _DRIFT.fullmatch(value) is not None


def _hides(text: str) -> bool:
    return hidden_characters(text.replace("\r", " ").replace("\n", " "))


def moment_of(value: Any) -> dt.datetime | None:
    """A date counts to its end, UTC; a time without a zone is UTC. None for what is neither."""
    try:
        moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(value, str) and moment.time() == dt.time() and len(value) <= len("2026-12-31"):
            moment = moment.date()
        if isinstance(moment, dt.datetime):
            return (moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
        if isinstance(moment, dt.date):
            return dt.datetime.combine(moment, dt.time(), dt.UTC) + dt.timedelta(days=1)
    except (ValueError, OverflowError):
        pass
    return None


def match_fault(match: str) -> str | None:
    """What is wrong with the pattern of a waiver, which is a glob already.

    What follows the last `:` is a rule only if it is in the closed list, else part of the name; one that is nearly a
    rule is a mistake all the same, or the waiver would silently match nothing.
    """
    section, slash, _ = match.partition("/")
    if not slash:
        return "a waiver matches `section/name` or `section/name:rule`"
    if section not in SECTIONS and _WILD.isdisjoint(section):
        return f"this is no section{suggestion(section, SECTIONS)}"
    _, colon, rule = match.rpartition(":")
    if not colon or "/" in rule or rule in RULES or not _WILD.isdisjoint(rule):
        return None
    hint = suggestion(rule, RULES)
    return f"{quoted(rule)} is no rule{hint}" if hint else None
