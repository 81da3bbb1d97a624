"""`parity lint`: `[[waivers]]` of a policy: what each needs, and those whose time is over."""

from __future__ import annotations

import datetime as dt

from paritycheck_agent.runner.lint_findings import WARNING
from paritycheck_agent.wire.words import SECTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.runner.lint_reading import Path, Reading

RULES = (
    "kind", "version", "value", "missing", "unwanted", "empty", "shared-secret", "shared-resource", "declared",
    "not-installed", "not-locked", "behind", "skew", "end-of-life",
)  # fmt: skip
_REQUIRED = ("match", "reason", "owner")
_ENDS = ("until", "until-changes", "until-converged")
_WILD = frozenset("*?[")
_DATE_CHARS = len("2026-12-31")


def read(reading: Reading, path: Path, value: Any) -> None:
    """Note what is wrong with the waivers, and which have ended."""
    if not isinstance(value, list):
        reading.mistake(path, "waivers are written as [[waivers]]")
        return
    for index, item in enumerate(value):
        _waiver(reading, (*path, str(index)), item)


def _waiver(reading: Reading, path: Path, value: Any) -> None:
    known = ("match", "pair", "reason", "owner", *_ENDS)
    said = {key: (where, item) for where, key, item in reading.entries(path, value, known)}
    for key in _REQUIRED:
        if key not in said:
            reading.mistake(path, f"`{key}` is missing: a waiver needs match, reason and owner")
    if not any(key in said for key in _ENDS):
        reading.mistake(path, "a waiver needs an end: `until`, `until-changes` or `until-converged`")
    for key, (where, item) in said.items():
        if key in ("reason", "owner"):
            reading.text(where, item)
        elif key == "pair":
            reading.pair(where, item)
        elif key == "match":
            _match(reading, where, item)
        elif key == "until":
            _until(reading, where, item)
        else:
            reading.flag(where, item)


def _match(reading: Reading, where: Path, value: Any) -> None:
    """`section/name` or `section/name:rule`; what nearly is a section or a rule would match nothing."""
    if not reading.glob(where, value):
        return
    section, slash, _name = value.partition("/")
    rule = value.rpartition(":")[2] if ":" in value else ""
    if not slash:
        reading.mistake(where, "a waiver matches `section/name` or `section/name:rule`", "policy-glob")
    elif section not in SECTIONS and _WILD.isdisjoint(section):
        reading.mistake(where, f"this is no section{reading.suggestion(section, SECTIONS)}", "policy-glob")
    elif rule and "/" not in rule and rule not in RULES and _WILD.isdisjoint(rule):
        hint = reading.suggestion(rule, RULES)
        if hint:
            reading.mistake(where, f"{reading.quoted(rule)} is no rule{hint}", "policy-glob")


def _until(reading: Reading, where: Path, value: Any) -> None:
    end = _moment(value)
    if end is None:
        reading.mistake(where, "`until` is a date, such as 2026-12-31")
    elif end.timestamp() <= reading.now:
        text = "this waiver has ended: what it accepted counts again"
        reading.mistake(where, text, "policy-waiver-ended", WARNING)
        reading.findings[-1].hint = "take it out, or close the gap"


def _moment(value: Any) -> dt.datetime | None:
    """The end that a date or a time means: a date counts to its last second, UTC. None for what is neither."""
    if not isinstance(value, str):
        return None
    text = value[:-1] + "+00:00" if value.endswith(("Z", "z")) else value
    try:
        moment = dt.datetime.fromisoformat(text)
        if len(value) <= _DATE_CHARS:
            moment += dt.timedelta(days=1)
        return moment.replace(tzinfo=dt.timezone.utc) if moment.tzinfo is None else moment
    except (ValueError, OverflowError):
        return None
