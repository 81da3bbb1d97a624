"""What the members of one fact may be, section by section (unknown members are kept)."""

from __future__ import annotations

from paritycheck_agent.wire import limits, words
from paritycheck_agent.wire.secrets import suspected
from paritycheck_agent.wire.strings import has_float, too_long

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Report = Callable[[str, str, str], None]

_STRINGS = frozenset(
    {"kind", "unknown", "scope", "origin", "locked", "via", "variant", "resource", "plain", "port", "scheme"}
)
_LISTS = frozenset({"groups", "keys", "fps", "chain", "sources"})
_CLOSED = {
    "dependencies": {"scope": words.SCOPES, "origin": words.ORIGINS},
    "config": {"shape": words.SHAPES, "length": words.LENGTHS, "host": words.URL_HOSTS},
}
_SCHEME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+.-_")
_HANDLE_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_HEX = frozenset("0123456789abcdef")
_BASE32 = frozenset("abcdefghijklmnopqrstuvwxyz234567")
_FINGERPRINT_CHARS = (3, 8, 26)


def check_fact(section: str, fact: Mapping[str, Any], report: Report, *, quiet: bool = False) -> None:
    """Report what a line of facts may not hold, as report(code, detail, pointer).

    `quiet`: the whole body is known to hold nothing that could be suspected.
    """
    if ("value" in fact) + ("absent" in fact) + ("unknown" in fact) > 1:
        report("invalid-section", "a fact has one of value, absent and unknown", "")
    if fact.get("absent", True) is not True:
        report("invalid-section", "absent is true or left out", "/absent")
    for volatile in words.evidence_members(section) & fact.keys():
        report("invalid-section", "this member belongs to the evidence", f"/{volatile}")
    _check_members(section, fact, report)
    _check_value(section, fact, report, quiet=quiet)
    if section == "config":
        _check_config(fact, report)


def check_evidence(section: str, fact: Mapping[str, Any], report: Report, *, quiet: bool = False) -> None:
    """Report what a line of evidence may not hold."""
    if section == "config" and "value" in fact:
        report("value-not-allowed", "a configuration value may not be sent", "/value")
    for member in ("absent", "kind", "unknown", "value"):
        if member in fact and not (section == "config" and member == "value"):
            report("invalid-section", "belongs to the facts, not to their evidence", f"/{member}")
    _check_members(section, fact, report)
    sources = fact.get("sources")
    if not isinstance(sources, list):
        return
    if len(sources) > limits.SOURCES:
        report("too-many-items", f"at most {limits.SOURCES} sources", "/sources")
    for index, source in enumerate(() if quiet else sources):
        if isinstance(source, str) and suspected(source):
            report("secret-suspected", "a source looks like it holds a secret", f"/sources/{index}")


def check_name(section: str, name: Any, report: Report, *, quiet: bool = False) -> None:
    """Report a name that is none, too long, or looks like it holds a secret."""
    if not isinstance(name, str) or not name:
        report("invalid-section", "a fact has a name", "/name")
    elif len(name) > limits.NAME_CHARS:
        report("too-long", f"at most {limits.NAME_CHARS} characters", "/name")
    elif not quiet and suspected(name, entropy=section == "config"):
        report("secret-suspected", "the name looks like it holds a secret", "/name")
    elif section == "services" and not _HANDLE_CHARS.issuperset(name.split(".", 1)[0]):
        report("invalid-section", "a handle has lower-case letters, digits and hyphens", "/name")


def _check_members(section: str, fact: Mapping[str, Any], report: Report) -> None:
    closed = _CLOSED.get(section, {})
    for key, value in fact.items():
        if isinstance(value, str):
            if len(value) > limits.STRING_CHARS:
                report("too-long", f"at most {limits.STRING_CHARS} characters", pointer(key))
            elif key in closed and value not in closed[key]:
                report("invalid-section", "not a word of the list in facts.md", f"/{key}")
            elif key in _LISTS:
                report("invalid-section", "must be an array of strings", f"/{key}")
        elif key == "fps":
            _check_fingerprints(value, report)
        else:
            _check_other(key, value, report)


def _check_other(key: str, value: Any, report: Report) -> None:
    if key in _STRINGS:
        report("invalid-section", "must be a string", f"/{key}")
    elif key in _LISTS:
        _check_list(key, value, report)
    elif has_float(value):
        report("bad-number", "there are no floats on the wire", pointer(key))
    elif too_long(value):
        report("too-long", f"at most {limits.STRING_CHARS} characters", pointer(key))


def _check_list(key: str, value: Any, report: Report) -> None:
    if not _is_strings(value):
        report("invalid-section", "must be an array of strings", f"/{key}")
    elif any(len(item) > limits.STRING_CHARS for item in value):
        report("too-long", f"at most {limits.STRING_CHARS} characters", pointer(key))


def _check_value(section: str, fact: Mapping[str, Any], report: Report, *, quiet: bool) -> None:
    if "value" not in fact or section == "config":
        return
    value = fact["value"]
    values = [value] if isinstance(value, str) else value
    if values is value and not (_is_strings(value) and len(value) > 1 and value == sorted(set(value), key=str.encode)):
        report("invalid-section", "a value is a string or a sorted array of two or more", "/value")
        return
    if not quiet and any(suspected(item) for item in values):
        report("secret-suspected", "the value looks like it holds a secret", "/value")
    if _is_version(section, fact.get("name")) and any(len(item) > limits.VERSION_CHARS for item in values):
        report("too-long", f"at most {limits.VERSION_CHARS} characters", "/value")


def _is_version(section: str, name: Any) -> bool:
    if section == "services":
        return isinstance(name, str) and "." not in name
    return section in {"dependencies", "runtime"}


def _check_config(fact: Mapping[str, Any], report: Report) -> None:
    if "value" in fact:
        report("value-not-allowed", "a configuration value may not be sent", "/value")
    plain, scheme = fact.get("plain"), fact.get("scheme")
    if isinstance(plain, str):
        if len(plain) > limits.PLAIN_CHARS:
            report("too-long", f"at most {limits.PLAIN_CHARS} characters", "/plain")
        elif suspected(plain, entropy=True):
            report("secret-suspected", "the value looks like it holds a secret", "/plain")
    if isinstance(scheme, str) and (len(scheme) > limits.PLAIN_CHARS or not _SCHEME_CHARS.issuperset(scheme)):
        report("invalid-section", "not the scheme of a URL", "/scheme")


def _check_fingerprints(value: Any, report: Report) -> None:
    if not isinstance(value, list):
        report("bad-fingerprint", "fps is an array", "/fps")
        return
    for index, item in enumerate(value):
        if not (isinstance(item, str) and is_fingerprint(item)):
            report("bad-fingerprint", "not pc1:<8 hex>:<26 base32>", f"/fps/{index}")


def is_fingerprint(text: str) -> bool:
    """Return whether text has the form `pc1:<8 hex digits>:<26 base32 characters>` (gaps.md)."""
    parts = text.split(":")
    if tuple(len(part) for part in parts) != _FINGERPRINT_CHARS or parts[0] != "pc1":
        return False
    return _HEX.issuperset(parts[1]) and _BASE32.issuperset(parts[2])


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def pointer(key: str) -> str:
    """Return the pointer of a known member; an unknown key is a submitted value and is not named."""
    known = key in _STRINGS or key in _LISTS or key in {"name", "value", "shape", "length", "host", "declared"}
    return f"/{key}" if known else ""
