"""Waivers that end soon: a week before, once, while they still hide something."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction

from paritycheck.core.findings import rank
from paritycheck.models import Drift, Environment, Project
from paritycheck.models.drifts import DriftState
from paritycheck.models.notices import NoticeKind
from paritycheck.selectors.policies import policy_of
from paritycheck.selectors.waivers import granted
from paritycheck.services.notices import note_notice

log = structlog.get_logger(__name__)
LEAD: Final = timedelta(days=7)


def note_ending_waivers(*, now: datetime) -> None:
    """Look at every project in which something is waived, of people's waivers and of `parity.toml`'s alike."""
    waived = Project.objects.filter(drifts__state=DriftState.WAIVED).distinct().select_related("policy")
    for project in waived.order_by("slug"):
        try:
            with transaction.atomic():
                for ending in endings_of(project, now):
                    _note(project, ending, now)
        except Exception:
            log.exception("waivers not watched", project=str(project.pk))


@dataclass(frozen=True, slots=True)
class Ending:
    """A waiver's document, when it ends, and the drifts that it hides."""

    document: dict[str, Any]
    until: datetime
    hides: Sequence[Drift]


def endings_of(project: Project, now: datetime) -> list[Ending]:
    """Those that end within a week, the first one first; of one made for less than two weeks within half its time."""
    hidden: dict[str, list[Drift]] = defaultdict(list)
    for drift in project.drifts.filter(state=DriftState.WAIVED).select_related("left", "right"):
        hidden[str((drift.waiver or {}).get("key", ""))].append(drift)
    found = []
    for each in granted(project, policy_of(project)):
        until, hides = each.grant.until, hidden[each.grant.key]
        if until is not None and hides and now < until <= now + _lead(each.document, until):
            found.append(Ending(each.document, until, hides))
    return sorted(found, key=lambda one: (one.until, one.document["key"]))


def _lead(document: dict[str, Any], until: datetime) -> timedelta:
    made = document["made_at"]
    return LEAD if made is None else min(LEAD, (until - datetime.fromisoformat(made)) / 2)


def _note(project: Project, ending: Ending, now: datetime) -> None:
    document, one = ending.document, ending.hides[0] if len(ending.hides) == 1 else None
    left, right = _sides(project, document["pair"])
    note_notice(
        project_id=project.pk,
        kind=NoticeKind.WAIVER_ENDING,
        about=f"waiver:{document['key']}",
        severity=max((drift.severity for drift in ending.hides), key=rank),
        dedupe=f"waiver-ending:{document['key']}:{ending.until.isoformat()}",
        at=now,
        left=left,
        right=right,
        gap="tools",
        detail={
            "waiver": document["id"],
            "name": document["title"],
            "ends_at": ending.until.isoformat(),
            "reason": document["reason"],
            "owner": document["owner"],
            "drifts": len(ending.hides),
            **({"drift": one.id, "section": one.section, "fact": one.name} if one else {}),
        },
    )


def _sides(project: Project, pair: str | None) -> tuple[Environment | None, Environment | None]:
    """The environments of `staging..production`, where both are still there."""
    slugs = (pair or "").split("..")
    rows = {row.slug: row for row in project.environments.filter(slug__in=slugs)}
    return (rows.get(slugs[0]), rows.get(slugs[-1])) if pair else (None, None)
