"""Which deploy brought what a message tells of, for the worst of its drifts: looking through history costs queries."""

from collections.abc import Iterable
from typing import Final

import structlog
from django.db import transaction

from paritycheck.core.findings import rank
from paritycheck.core.rows import Origin
from paritycheck.models import Commit, Drift
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.since import Since, since_of

log = structlog.get_logger(__name__)
MOST: Final = 3


def origins_of(drifts: Iterable[Drift]) -> dict[str, Origin]:
    """Origins by the identity of a drift, where one is known. What fails here keeps no message from its readers."""
    standing = [drift for drift in drifts if drift.state == DriftState.OPEN]
    worst = sorted(standing, key=lambda drift: (-rank(drift.severity), drift.section, drift.name))[:MOST]
    found = {drift.id: _try(drift) for drift in worst}
    return {identity: origin for identity, origin in found.items() if origin is not None}


def _try(drift: Drift) -> Origin | None:
    try:
        with transaction.atomic():
            since = since_of(drift.project, drift)
            return None if since is None else _origin(drift, since)
    except Exception:
        log.exception("origin not found", drift=drift.id)
        return None


def _origin(drift: Drift, since: Since) -> Origin:
    titles = Commit.objects.filter(project_id=drift.project_id, sha=since.commit).values_list("subject", flat=True)
    return Origin(
        environment=since.environment,
        snapshot=since.snapshot,
        at=since.at,
        release=since.release or "",
        commit=since.commit or "",
        title=(titles.first() or "") if since.commit else "",
        commits=since.commits,
        exact=since.exact,
    )
