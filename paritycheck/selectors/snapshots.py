"""Snapshots of an environment that the caller was given by `selectors.projects`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from paritycheck.codec.joined import joined
from paritycheck.core.addresses import Address
from paritycheck.models import Environment, Snapshot
from paritycheck.selectors.states import body


def snapshots_of(environment: Environment) -> QuerySet[Snapshot]:
    """All of them; the caller orders."""
    return environment.snapshots.all()


def find_snapshot(environment: Environment, address: Address, now: datetime) -> Snapshot | None:
    """The snapshot of an address of this environment; by a moment, the one that was current then."""
    rows = environment.snapshots.order_by("-number")
    moment = address.moment(now)
    if address.number is not None:
        return rows.filter(number=address.number).first()
    if moment is not None:
        return rows.filter(opened_at__lte=moment).first()
    back = address.back or 0
    return next(iter(rows[back : back + 1]), None)


def sections_of(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """Each section with its facts joined: `name`, `status`, `at`, then `reason`, or `covers`, `facts`, `warnings`."""
    for name, entry in sorted(snapshot.sections.items()):
        said = {"name": name, "status": entry.get("status", "ok"), "at": entry.get("at")}
        if not entry.get("digest"):
            yield {**said, "status": "unknown", "reason": entry.get("reason") or "not-collected"}
            continue
        evidence = entry.get("evidence")
        facts = body(snapshot.project_id, entry["digest"])
        yield {**said, **joined(facts, body(snapshot.project_id, evidence) if evidence else None)}
