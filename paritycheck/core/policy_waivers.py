"""`[[waivers]]` of a `parity.toml`: reason, owner and an end are required."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.facts import SECTIONS
from paritycheck.core.findings import RULES
from paritycheck.core.policy import Waiver
from paritycheck.core.policy_reading import quoted, suggestion

if TYPE_CHECKING:
    from paritycheck.core.policy_reading import Reading
    from paritycheck.core.toml_positions import Path

_KEYS: Final = ("match", "pair", "reason", "owner", "until", "until-changes", "until-converged")
_REQUIRED: Final = ("match", "reason", "owner")
_ENDS: Final = ("until", "until-changes", "until-converged")
_WILD: Final = frozenset("*?[")


def read_waivers(reading: Reading, path: Path, value: Any) -> tuple[Waiver, ...]:
    if not isinstance(value, list):
        reading.mistake(path, "waivers are written as [[waivers]]", key=True)
        return ()
    found = [_waiver(reading, (*path, index), item) for index, item in enumerate(value)]
    return tuple(waiver for waiver in found if waiver is not None)


def _waiver(reading: Reading, path: Path, value: Any) -> Waiver | None:
    before = len(reading.mistakes)
    said = {key: (where, item) for where, key, item in reading.entries(path, value, _KEYS)}
    for key in _REQUIRED:
        if key not in said:
            reading.mistake(path, f"`{key}` is missing: a waiver needs match, reason and owner", key=True)
    if not any(key in said for key in _ENDS):
        reading.mistake(path, "a waiver needs an end: `until`, `until-changes` or `until-converged`", key=True)
    texts = {key: reading.text(*said[key]) for key in ("reason", "owner") if key in said}
    pair = reading.pair(*said["pair"]) if "pair" in said else None
    match = _match(reading, *said["match"]) if "match" in said else None
    until = _until(reading, *said["until"]) if "until" in said else None
    flags = {key: reading.flag(*said[key]) for key in _ENDS[1:] if key in said}
    if len(reading.mistakes) > before or match is None:
        return None
    return Waiver(
        match,
        pair,
        texts["reason"] or "",
        texts["owner"] or "",
        until,
        flags.get("until-changes", False),
        flags.get("until-converged", False),
        reading.line(path),
    )


def _match(reading: Reading, path: Path, value: Any) -> str | None:
    match = reading.glob(path, value)
    if match is None:
        return None
    section, slash, _ = match.partition("/")
    if not slash:
        reading.mistake(path, "a waiver matches `section/name` or `section/name:rule`")
        return None
    if section not in SECTIONS and _WILD.isdisjoint(section):
        reading.mistake(path, f"this is no section{suggestion(section, SECTIONS)}")
        return None
    return match if _rule_is_right(reading, path, match) else None


def _rule_is_right(reading: Reading, path: Path, match: str) -> bool:
    """What follows the last `:` is a rule only if it is in the closed list, else part of the name; one that is
    nearly a rule is a mistake all the same, or the waiver would silently match nothing.
    """
    _, colon, rule = match.rpartition(":")
    if not colon or "/" in rule or rule in RULES or not _WILD.isdisjoint(rule):
        return True
    hint = suggestion(rule, RULES)
    if hint:
        reading.mistake(path, f"{quoted(rule)} is no rule{hint}")
    return not hint


def _until(reading: Reading, path: Path, value: Any) -> dt.datetime | None:
    """A date counts to its end, UTC; a time without a zone is UTC."""
    try:
        moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(value, str) and moment.time() == dt.time() and len(value) <= len("2026-12-31"):
            moment = moment.date()
        if isinstance(moment, dt.datetime):
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
        if isinstance(moment, dt.date):
            return dt.datetime.combine(moment, dt.time(), dt.UTC) + dt.timedelta(days=1)
    except (ValueError, OverflowError):
        pass
    reading.mistake(path, "`until` is a date, such as 2026-12-31")
    return None
