"""The canonical form of a section: two bodies of sorted lines, and the digest of their bytes."""

from __future__ import annotations

import hashlib
import json

from paritycheck_agent.wire import limits
from paritycheck_agent.wire.strings import to_nfc
from paritycheck_agent.wire.words import evidence_members

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def line(value: Any) -> bytes:
    """Return the canonical JSON of value, without a newline."""
    return encode(value).encode()


def digest(data: bytes) -> str:
    """Return "sha256:" and the 64 hex digits of data."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def split(
    section: str, covers: Iterable[str], facts: Iterable[Mapping[str, Any]], warnings: Iterable[str] = ()
) -> tuple[bytes, bytes]:
    """Return the facts body and the evidence body of a section.

    Facts come joined, as `parity show` prints them. Strings are brought to NFC, facts sorted by the UTF-8
    bytes of their name; of two with one name the first stands and a warning says so.
    """
    by_name, said = _by_name(facts, warnings)
    volatile = evidence_members(section)
    fact_lines = [line({"covers": sorted({to_nfc(prefix) for prefix in covers}), "section": section})]
    evidence_lines = [line({"evidence": section, "warnings": said})]
    for name in sorted(by_name, key=str.encode):
        fact = by_name[name]
        fact_lines.append(line({key: value for key, value in fact.items() if key not in volatile}))
        evidence = {key: value for key, value in fact.items() if key in volatile}
        if evidence:
            evidence["name"] = name
            evidence_lines.append(line(evidence))
    return _body(fact_lines), _body(evidence_lines)


def join(facts_body: bytes, evidence_body: bytes) -> dict[str, Any]:
    """Return {"covers", "facts", "warnings"} of two bodies that are known to be valid."""
    header, *facts = [json.loads(row) for row in facts_body.split(b"\n")[:-1]]
    rows = [json.loads(row) for row in evidence_body.split(b"\n")[:-1]]
    evidence = {row["name"]: row for row in rows[1:]}
    return {
        "covers": header["covers"],
        "facts": [{**fact, **evidence.get(fact["name"], {})} for fact in facts],
        "warnings": rows[0].get("warnings", []) if rows else [],
    }


def _body(lines: list[bytes]) -> bytes:
    return b"\n".join(lines) + b"\n"


def _by_name(
    facts: Iterable[Mapping[str, Any]], warnings: Iterable[str]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    by_name: dict[str, dict[str, Any]] = {}
    twice = 0
    for fact in facts:
        clean = {key: _clean(key, value) for key, value in fact.items()}
        if by_name.setdefault(clean["name"], clean) is not clean:
            twice += 1
    said = [to_nfc(warning)[: limits.STRING_CHARS] for warning in warnings]
    if twice:
        said.append(f"{twice} facts left out: their name stood already")
    return by_name, said[: limits.WARNINGS]


def _clean(key: str, value: Any) -> Any:
    """Bring strings to NFC; `value` arrays are sorted sets of two or more, `sources` at most eight."""
    if isinstance(value, str):
        return value if value.isascii() else to_nfc(value)
    if isinstance(value, (list, tuple)):
        items = [_clean("", item) for item in value]
        if key == "sources":
            return items[: limits.SOURCES]
        if key == "value":
            items = sorted(set(items), key=str.encode)
            return items[0] if len(items) == 1 else items
        return items
    if isinstance(value, dict):
        return {to_nfc(name): _clean("", item) for name, item in value.items()}
    return value
