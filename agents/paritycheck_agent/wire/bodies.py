"""The check of one section's body: facts or evidence (wire.md, rows 16 to 35, 61 and 62)."""

from __future__ import annotations

from paritycheck_agent.wire import limits, words
from paritycheck_agent.wire.errors import Problems
from paritycheck_agent.wire.lines import read_canonical_line, read_canonical_lines, split_lines
from paritycheck_agent.wire.members import check_evidence, check_fact, check_name
from paritycheck_agent.wire.secrets import marked, suspected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Body:
    """What the header of a valid body says; `count` is its number of lines below the header."""

    __slots__ = ("count", "covers", "evidence", "section", "warnings")

    def __init__(self, *, section: str, evidence: bool, covers: list[str], warnings: list[str], count: int) -> None:
        self.section = section
        self.evidence = evidence
        self.covers = covers
        self.warnings = warnings
        self.count = count


def check_body(data: bytes) -> Body:
    """Return what a body says of itself; raise Invalid. The caller compares its digest with the path."""
    rows = split_lines(data, limits.BODY_BYTES)
    problems = Problems("invalid-section")
    body = _read_header(read_canonical_line(rows[0], 1), len(rows) - 1, problems)
    problems.finish()
    _check_count(body, problems)
    _check_rows(body, rows, problems)
    problems.finish()
    return body


def _read_header(header: dict[str, Any], count: int, problems: Problems) -> Body:
    evidence = "evidence" in header
    member, listed = ("evidence", "warnings") if evidence else ("section", "covers")
    section, items = header.get(member), header.get(listed, [] if evidence else None)
    if section not in words.SECTIONS or "name" in header or ("section" in header and evidence):
        problems.add("invalid-section", "the first line names a section", "", 1)
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        problems.add("invalid-section", "must be an array of strings", f"/{listed}", 1)
    problems.finish()
    limit, chars = (limits.WARNINGS, limits.STRING_CHARS) if evidence else (limits.COVERS, limits.NAME_CHARS)
    _check_listed(items or [], listed, limit, chars, problems)
    if not evidence and items != sorted(set(items or []), key=str.encode):
        problems.add("not-canonical", "covers is sorted and names no prefix twice", "/covers", 1)
    said: list[str] = items or []
    return Body(
        section=section or "",
        evidence=evidence,
        covers=[] if evidence else said,
        warnings=said if evidence else [],
        count=count,
    )


def _check_listed(items: list[str], listed: str, limit: int, chars: int, problems: Problems) -> None:
    if len(items) > limit:
        problems.add("too-many-items", f"at most {limit}", f"/{listed}", 1)
    for index, item in enumerate(items):
        if len(item) > chars:
            problems.add("too-long", f"at most {chars} characters", f"/{listed}/{index}", 1)
        elif suspected(item):
            problems.add("secret-suspected", "looks like it holds a secret", f"/{listed}/{index}", 1)


def _check_count(body: Body, problems: Problems) -> None:
    limit = limits.CONFIG_KEYS if body.section == "config" else limits.FACTS
    if body.count > limit:
        problems.add("too-many-items", f"at most {limit} facts", "", limit + 2)
        problems.finish()


def _check_rows(body: Body, rows: list[bytes], problems: Problems) -> None:
    check = check_evidence if body.evidence else check_fact
    # Canonical text hides no mark behind an escape, and bytes that are not UTF-8 are refused with their line below.
    quiet = body.section != "config" and not marked(b"\n".join(rows).decode("utf-8", "replace"))
    previous, services, report = b"", 0, problems.report
    for number, fact in enumerate(read_canonical_lines(rows[1:], 2), 2):
        problems.line = number
        name = fact.get("name")
        check_name(body.section, name, report, quiet=quiet)
        check(body.section, fact, report, quiet=quiet)
        if not isinstance(name, str):
            continue
        if name.encode() <= previous:
            report("not-canonical", "names stand sorted by their bytes, each once", "/name")
        previous = name.encode()
        services += body.section == "services" and "." not in name
        if services == limits.SERVICES + 1:
            report("too-many-items", f"at most {limits.SERVICES} services", "/name")
