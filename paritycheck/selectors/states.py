"""Stored sections as core facts. Callers hold rows that are already scoped."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from paritycheck.codec.bodies import inflate
from paritycheck.codec.comparing import BULK
from paritycheck.codec.differing import line_of
from paritycheck.codec.digests import to_bytes
from paritycheck.codec.facts import evidence_from, fact_from, head_of, section_from
from paritycheck.codec.memory import Memory
from paritycheck.core.facts import Fact, Section, Side
from paritycheck.core.merge import tallies
from paritycheck.models import Environment, Instance, SectionBody, Snapshot

CACHE_BYTES = 64 * 1024 * 1024
UNKNOWN_AFTER = timedelta(hours=24)
MOST_PLACES, MOST_SAID = 3, 8
_LINE = re.compile(r":\d{1,7}$")
_cache: Memory[bytes, bytes] = Memory(CACHE_BYTES, len)
"""Decoded bodies by digest."""
WORTH_KEEPING = range(16 * 1024, 256 * 1024)
"""Bytes of a body: smaller ones are decoded in a moment, larger ones would fill the memory."""


def body(project_id: UUID, digest: str) -> bytes:
    """The decoded bytes of a body of this project."""
    key = to_bytes(digest)
    held = _cache.get(project_id.bytes + key)
    if held is None:
        row = SectionBody.objects.only("body", "decoded_length").get(project_id=project_id, digest=key)
        held = inflate(bytes(row.body), row.decoded_length)
        _cache.put(project_id.bytes + key, held)
    return held


def fetch_bodies(project_id: UUID, snapshots: Iterable[Snapshot | Instance]) -> None:
    """Bring the facts of these snapshots, or of single instances, into the process's memory by one query, so that
    decoding them asks no more.
    """
    entries = [entry for snapshot in snapshots for entry in snapshot.sections.values() if entry.get("digest")]
    wanted = {to_bytes(entry["digest"]) for entry in entries}
    lacking = [key for key in wanted if _cache.get(project_id.bytes + key) is None]
    if not lacking:
        return
    rows = SectionBody.objects.filter(project_id=project_id, digest__in=lacking)
    for row in rows.only("digest", "body", "decoded_length"):
        _cache.put(project_id.bytes + bytes(row.digest), inflate(bytes(row.body), row.decoded_length))


def section_of(project_id: UUID, name: str, entry: Mapping[str, Any]) -> Section:
    """The section of a stored entry; unknown as a whole where the agent said so."""
    if not entry.get("digest"):
        return Section(name, reason=entry.get("reason") or "not-collected")
    held = body(project_id, entry["digest"])
    return _decoded(held) if len(held) in WORTH_KEEPING else section_from(held)


def fact_in(project_id: UUID, section: str, entry: Mapping[str, Any], name: str) -> Fact:
    """One fact of a stored entry; of a long list of packages only a few lines are decoded to find it."""
    if section != BULK or not entry.get("digest"):
        return section_of(project_id, section, entry).look_up(name)
    held = body(project_id, entry["digest"])
    row = line_of(held, name)
    return fact_from(row) if row else Section(section, {}, tuple(head_of(held)["covers"])).look_up(name)


@lru_cache(maxsize=16)
def _decoded(held: bytes) -> Section:
    """Sections never change and are never written to, so that those that everything is compared with need not be
    decoded each time. Below 30 MB.
    """
    return section_from(held)


def side_of(snapshot: Snapshot, environment: Environment, *, stale: Collection[str] = ()) -> Side:
    """An environment's side of a comparison; the sections named in `stale` are unknown(stale)."""
    sections = {
        name: Section(name, reason="stale") if name in stale else section_of(snapshot.project_id, name, entry)
        for name, entry in snapshot.sections.items()
    }
    return Side(environment.slug, environment.tier, environment.kind, sections)


def read_times(environment: Environment) -> dict[str, datetime]:
    """When each section was last confirmed: by the last heartbeat of an instance whose report held it."""
    times: dict[str, datetime] = {}
    for instance in environment.instances.all():
        for name, entry in instance.sections.items():
            at = instance.last_seen if entry.get("current") else datetime.fromisoformat(entry["at"])
            times[name] = max(at, times.get(name, at))
    return times


def stale_sections(times: Mapping[str, datetime], *, now: datetime, after: timedelta = UNKNOWN_AFTER) -> frozenset[str]:
    """Sections that nobody confirmed for `after`."""
    return frozenset(name for name, at in times.items() if now - at > after)


def evidence_of(snapshot: Snapshot, section: str) -> dict[str, dict[str, Any]]:
    """Evidence of a snapshot's section by fact name; empty where none was sent."""
    digest = snapshot.sections.get(section, {}).get("evidence")
    return evidence_from(body(snapshot.project_id, digest)) if digest else {}


def looked_in(evidence: Mapping[str, Mapping[str, Any]], section: str, name: str) -> list[str]:
    """Where a fact was looked for that is nowhere: the places in which the others of its kind were read, those of most
    facts first, without lines.
    """
    kind = name[: name.find("/") + 1] if section == "dependencies" else ""
    places = Counter(
        _LINE.sub("", str(source))
        for other, said in evidence.items()
        if other.startswith(kind)
        for source in said.get("sources", ())
    )
    return [place for place, _ in sorted(places.items(), key=lambda each: (-each[1], each[0]))[:MOST_PLACES]]


def disagreement(environment: Environment, section: str, name: str) -> list[dict[str, Any]]:
    """What the instances of an environment say of a fact on which they do not agree, the most frequent first."""
    parts = [
        (instance.key, section_of(environment.project_id, section, instance.sections[section]))
        for instance in environment.instances.filter(retired_at=None).order_by("key")
        if section in instance.sections
    ]
    return [
        {
            "state": tally.state.value,
            **({"kind": tally.kind} if tally.kind else {}),
            "value": ", ".join(tally.values),
            "instances": list(tally.instances[:MOST_PLACES]),
            "count": len(tally.instances),
        }
        for tally in tallies(parts).get(name, ())[:MOST_SAID]
    ]
