"""The check of commits: a header line, then a line each (facts.md, release)."""

from __future__ import annotations

from paritycheck_agent.wire import limits
from paritycheck_agent.wire.errors import Invalid, Problems
from paritycheck_agent.wire.fields import is_sha
from paritycheck_agent.wire.lines import read_line, split_lines
from paritycheck_agent.wire.scopes import MARK_CHARS
from paritycheck_agent.wire.secrets import suspected
from paritycheck_agent.wire.strings import has_float, is_nfc, strings, too_long
from paritycheck_agent.wire.times import is_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_PERSON = 2
_HEX = frozenset("0123456789abcdef")


def check_commits(data: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return {"head", "shallow"} and the commits, in the order sent; raise Invalid.

    The header's `scopes`, if there are any, are those that the commits were looked at for (`wire/scopes.py`).
    """
    rows = split_lines(data, limits.BODY_BYTES)
    if len(rows) - 1 > limits.COMMITS:
        place = {"line": limits.COMMITS + 2, "pointer": "", "code": "too-many-items"}
        detail = f"at most {limits.COMMITS} commits a call"
        raise Invalid("too-many-items", detail, errors=[{**place, "detail": detail}])
    problems = Problems("invalid-commits")
    header = read_line(rows[0], 1)
    if not _is_sha(header.get("head")) or not isinstance(header.get("shallow", False), bool):
        problems.add("invalid-commits", "the first line has head and shallow", "", 1)
    if not _are_marks(header.get("scopes", {})):
        problems.add("invalid-commits", "must be an object of 12 hex digits by name", "/scopes", 1)
    commits = [read_line(row, number) for number, row in enumerate(rows[1:], 2)]
    for number, commit in enumerate(commits, 2):
        for code, detail, pointer in _faults(commit):
            problems.add(code, detail, pointer, number)
    problems.finish()
    return header, commits


def _faults(commit: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (code, detail, pointer) of what one commit gets wrong."""
    bad = "invalid-commits"
    checks = (
        (_is_sha(commit.get("sha")), bad, "must be a commit of 40 or 64 hex digits", "/sha"),
        (_all(commit.get("parents"), _is_sha), bad, "must be an array of commits", "/parents"),
        (_is_person(commit.get("author")), bad, "must be a name and an address", "/author"),
        (_all(commit.get("with", []), _is_person), bad, "must be an array of names and addresses", "/with"),
        (is_time(commit.get("authored")), "bad-timestamp", "must be RFC 3339 with a zone", "/authored"),
        (is_time(commit.get("committed")), "bad-timestamp", "must be RFC 3339 with a zone", "/committed"),
        (_all(commit.get("scopes", []), _is_text), bad, "must be an array of strings", "/scopes"),
        (_is_text(commit.get("subject", "")), bad, "must be a string", "/subject"),
        (not has_float(commit), "bad-number", "there are no floats on the wire", ""),
        (not too_long(commit), "too-long", f"at most {limits.STRING_CHARS} characters", ""),
        (all(map(is_nfc, strings(commit))), "not-canonical", "a string is not in normal form C", ""),
    )
    faults = [(code, detail, pointer) for holds, code, detail, pointer in checks if not holds]
    return faults or _subject_faults(commit.get("subject", ""))


def _subject_faults(subject: str) -> list[tuple[str, str, str]]:
    if len(subject) > limits.SUBJECT_CHARS:
        return [("too-long", f"at most {limits.SUBJECT_CHARS} characters", "/subject")]
    if suspected(subject):
        return [("secret-suspected", "the subject looks like it holds a secret", "/subject")]
    return []


def _all(value: Any, holds: Any) -> bool:
    return isinstance(value, list) and all(holds(item) for item in value)


def _is_sha(value: Any) -> bool:
    return isinstance(value, str) and is_sha(value)


def _are_marks(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= limits.SCOPES
        and all(len(name) <= limits.PLAIN_CHARS for name in value)
        and all(_is_text(mark) and len(mark) == MARK_CHARS and _HEX.issuperset(mark) for mark in value.values())
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_person(value: Any) -> bool:
    return _all(value, _is_text) and len(value) == _PERSON
