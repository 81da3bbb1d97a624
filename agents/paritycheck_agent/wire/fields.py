"""Checks that a report and a gate candidate share."""

from __future__ import annotations

from paritycheck_agent.wire import limits, words
from paritycheck_agent.wire.errors import Invalid, Problems
from paritycheck_agent.wire.secrets import suspected
from paritycheck_agent.wire.strings import is_nfc, strings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

_HEX = frozenset("0123456789abcdef")
_NAMING = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_SHA_CHARS = (40, 64)
_SHA256_CHARS = 64


def check_schema(document: Any, schema: str, code: str, supported: list[str]) -> None:
    """Raise Invalid unless document is an object that says `schema`."""
    if not isinstance(document, dict):
        raise Invalid(code, "must be a JSON object")
    said = document.get("schema")
    if not isinstance(said, str):
        place = {"pointer": "/schema", "code": code, "detail": "must name the schema"}
        raise Invalid(code, "must name the schema", errors=[place])
    if said != schema:
        raise Invalid("schema-unsupported", "not a schema this side knows", extra={"supported": list(supported)})


def unknown_fields(document: Mapping[str, Any], known: Collection[str], where: str = "") -> list[str]:
    """Return a warning for each member that is not known; a name that is no plain word is not repeated."""
    return [f"unknown-field:{where}{_printable(key)}" for key in sorted(document.keys() - set(known))]


def _printable(key: str) -> str:
    plain = len(key) <= limits.PLAIN_CHARS and _NAMING.issuperset(key) and not suspected(key, entropy=True)
    return key if plain else "?"


def check_strings(document: Mapping[str, Any], problems: Problems) -> None:
    """Every string of a document is at most 512 characters and NFC."""
    if any(len(text) > limits.STRING_CHARS for text in strings(document)):
        problems.add("too-long", f"a string has at most {limits.STRING_CHARS} characters")
    if not all(is_nfc(text) for text in strings(document)):
        problems.add("not-canonical", "a string is not in normal form C")


def check_text(value: Any, where: str, problems: Problems, limit: int = limits.STRING_CHARS) -> None:
    """A non-empty string that does not look like a secret."""
    if not isinstance(value, str) or not value:
        problems.add(problems.whole, "must be a string", where)
    elif len(value) > limit:
        problems.add("too-long", f"at most {limit} characters", where)
    elif suspected(value):
        problems.add("secret-suspected", "looks like it holds a secret", where)


def check_sections(value: Any, where: str, problems: Problems) -> list[str]:
    """Check the `sections` of a report; return warnings for sections that this side does not know."""
    if not isinstance(value, dict):
        problems.add(problems.whole, "must be an object", where)
        return []
    for name in words.SECTIONS:
        if name in value:
            _check_section(value[name], f"{where}/{name}", problems)
    return [f"unknown-section:{_printable(name)}" for name in sorted(value.keys() - set(words.SECTIONS))]


def _check_section(value: Any, where: str, problems: Problems) -> None:
    if not isinstance(value, dict) or value.get("status") not in words.STATUSES:
        problems.add(problems.whole, "status is ok or unknown", f"{where}/status")
    elif value["status"] == "unknown":
        check_text(value.get("reason"), f"{where}/reason", problems, limits.PLAIN_CHARS)
    else:
        check_digest(value.get("digest"), f"{where}/digest", problems)
        if "evidence" in value:
            check_digest(value["evidence"], f"{where}/evidence", problems)


def check_digest(value: Any, where: str, problems: Problems) -> None:
    """A digest is `sha256:` and 64 hex digits in lower case."""
    if not isinstance(value, str) or not is_digest(value):
        problems.add(problems.whole, "must be sha256: and 64 hex digits", where)


def is_digest(text: str) -> bool:
    """Return whether text is `sha256:` and 64 lower-case hex digits."""
    kind, colon, rest = text.partition(":")
    return kind == "sha256" and bool(colon) and len(rest) == _SHA256_CHARS and _HEX.issuperset(rest)


def check_sha(value: Any, where: str, problems: Problems) -> None:
    """A commit is 40 or 64 hex digits in lower case."""
    if not isinstance(value, str) or not is_sha(value):
        problems.add(problems.whole, "must be a commit of 40 or 64 hex digits", where)


def is_sha(text: str) -> bool:
    """Return whether text is a full commit id of git."""
    return len(text) in _SHA_CHARS and _HEX.issuperset(text)


def check_integer(value: Any, where: str, problems: Problems, bounds: tuple[int, int]) -> None:
    """An integer within bounds, both included; a boolean is none."""
    low, high = bounds
    if not isinstance(value, int) or isinstance(value, bool):
        problems.add(problems.whole, "must be an integer", where)
    elif not low <= value <= high:
        problems.add("bad-number", f"from {low} to {high}", where)
