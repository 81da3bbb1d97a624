"""Stored sections as core facts. Callers hold rows that are already scoped."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paritycheck.codec.bodies import BodyCache, inflate
from paritycheck.codec.digests import to_bytes
from paritycheck.codec.facts import evidence_from, section_from
from paritycheck.core.facts import Section, Side
from paritycheck.models import Environment, SectionBody, Snapshot

UNKNOWN_AFTER = timedelta(hours=24)
_cache = BodyCache()


def body(project_id: UUID, digest: str) -> bytes:
    """The decoded bytes of a body of this project."""
    key = to_bytes(digest)
    held = _cache.get(project_id.bytes + key)
    if held is None:
        row = SectionBody.objects.only("body", "decoded_length").get(project_id=project_id, digest=key)
        held = inflate(bytes(row.body), row.decoded_length)
        _cache.put(project_id.bytes + key, held)
    return held


def section_of(
    project_id: UUID,
    name: str,
    entry: Mapping[str, Any],
    *,
    now: datetime | None = None,
    after: timedelta = UNKNOWN_AFTER,
) -> Section:
    """The section of a stored entry; unknown as a whole where the agent said so, or where it is older than `after`."""
    if not entry.get("digest"):
        return Section(name, reason=entry.get("reason") or "not-collected")
    if now is not None and now - datetime.fromisoformat(entry["at"]) > after:
        return Section(name, reason="stale")
    return section_from(body(project_id, entry["digest"]))


def side_of(
    snapshot: Snapshot, environment: Environment, *, now: datetime | None = None, after: timedelta = UNKNOWN_AFTER
) -> Side:
    """An environment's side of a comparison. With `now`, sections past their age are unknown(stale)."""
    sections = {
        name: section_of(snapshot.project_id, name, entry, now=now, after=after)
        for name, entry in snapshot.sections.items()
    }
    return Side(environment.slug, environment.tier, environment.kind, sections)


def evidence_of(snapshot: Snapshot, section: str) -> dict[str, dict[str, Any]]:
    """Evidence of a snapshot's section by fact name; empty where none was sent."""
    digest = snapshot.sections.get(section, {}).get("evidence")
    return evidence_from(body(snapshot.project_id, digest)) if digest else {}
