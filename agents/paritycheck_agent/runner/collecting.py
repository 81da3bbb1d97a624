"""Runs the collectors, each by itself: one that fails makes its section unknown and stops no other."""

from __future__ import annotations

import os

from paritycheck_agent.context import Unknown
from paritycheck_agent.redact import clean
from paritycheck_agent.wire.canonical import digest, split
from paritycheck_agent.wire.limits import BODY_BYTES, FACTS, STRING_CHARS
from paritycheck_agent.wire.words import REASONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from paritycheck_agent.context import Context

# Section and module. Imported when its turn comes, so that a run pays for what it collects.
COLLECTORS = (
    ("dependencies", "paritycheck_agent.collectors.dependencies"),
    ("services", "paritycheck_agent.collectors.services"),
    ("config", "paritycheck_agent.collectors.config"),
    ("runtime", "paritycheck_agent.collectors.runtime"),
    ("release", "paritycheck_agent.collectors.release"),
    ("processes", "paritycheck_agent.collectors.processes"),
    ("migrations", "paritycheck_agent.collectors.migrations"),
)


class Part:
    """One section of a report: its two bodies, or the reason why it is unknown."""

    __slots__ = ("digest", "evidence", "evidence_digest", "facts", "reason", "section")

    def __init__(self, section: str, *, reason: str = "", facts: bytes = b"", evidence: bytes = b"") -> None:
        self.section = section
        self.reason = reason
        self.facts = facts
        self.evidence = evidence
        self.digest = "" if reason else digest(facts)
        self.evidence_digest = "" if reason else digest(evidence)

    def entry(self) -> dict[str, str]:
        """Return the section as a report names it."""
        if self.reason:
            return {"status": "unknown", "reason": self.reason}
        return {"status": "ok", "digest": self.digest, "evidence": self.evidence_digest}

    def bodies(self) -> dict[str, bytes]:
        """Return the bodies by digest."""
        return {} if self.reason else {self.digest: self.facts, self.evidence_digest: self.evidence}


def collect(context: Context, wanted: Collection[str] = ()) -> list[Part]:
    """Return every section; those that `wanted` leaves out (when it names any) are unknown(disabled)."""
    parts = []
    for section, module in COLLECTORS:
        if wanted and section not in wanted:
            parts.append(Part(section, reason="disabled"))
        else:
            parts.append(_collect_one(section, module, context))
    return parts


def _collect_one(section: str, module: str, context: Context) -> Part:
    try:
        collected = __import__(module, fromlist=["collect"]).collect(context)
        facts, warnings = clean(section, collected.facts)
        said = [*collected.warnings, *warnings]
        return make_part(section, collected.covers, facts, said)
    except Unknown as unknown:
        return Part(section, reason=unknown.reason if unknown.reason in REASONS else "collector-failed")
    except (Exception, SystemExit):  # noqa: BLE001 - a plug-in may fail in any way; its section says so
        _explain(section, context.environ)
        return Part(section, reason="collector-failed")


def make_part(section: str, covers: list[str], facts: list[dict[str, Any]], warnings: list[str]) -> Part:
    """Return a section whose bodies the wire takes; one that it would refuse is unknown with the reason."""
    if len(facts) > FACTS:
        return Part(section, reason="too-large")
    body, evidence = split(section, covers, facts, [text[:STRING_CHARS] for text in warnings])
    if max(len(body), len(evidence)) > BODY_BYTES:
        return Part(section, reason="too-large")
    return Part(section, facts=body, evidence=evidence)


def _explain(section: str, environ: Mapping[str, str]) -> None:
    """With PARITY_DEBUG, say where a collector failed: files and lines; the error's own text may hold values."""
    if not environ.get("PARITY_DEBUG"):
        return
    import sys
    import traceback

    kind, _error, trace = sys.exc_info()
    rows = [f"{section}: {kind.__name__ if kind else 'failed'}"]
    rows += [f"  {os.path.basename(at.filename)}:{at.lineno} in {at.name}" for at in traceback.extract_tb(trace)]
    sys.stderr.write("\n".join(rows) + "\n")
