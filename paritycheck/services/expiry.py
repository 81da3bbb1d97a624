"""The end of review apps: an environment with a time to live that nobody reports from any more goes quietly."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Max, Q

from paritycheck.core.policy import DAY
from paritycheck.models import Environment
from paritycheck.models.projects import EnvironmentKind
from paritycheck.selectors.policies import policy_of
from paritycheck.services.drifts import end_quietly

log = structlog.get_logger(__name__)
LIVES_S: Final = 7 * DAY
"""After the last report, where the project's policy gives no `ttl`."""
EXPIRED: Final = "expired"


def expire_environments(*, now: datetime) -> None:
    """End each ephemeral environment whose time to live has passed since its last report; never a baseline.

    Its instances retire, its comparisons go, and its drifts are resolved without a message: nobody mended them, there
    is just nothing left that could differ. One that fails does not keep the others.
    """
    living = Environment.objects.filter(kind=EnvironmentKind.EPHEMERAL, expired_at=None)
    for environment in living.select_related("project__policy").annotate(seen=Max("instances__last_seen")):
        last = environment.seen or environment.created_at
        if environment.pk == environment.project.baseline_id or last + _lives(environment) >= now:
            continue
        try:
            _expire(environment, now)
        except Exception:
            log.exception("environment not expired", environment=str(environment.pk))


def _lives(environment: Environment) -> timedelta:
    said = policy_of(environment.project).environments.get(environment.slug)
    return timedelta(seconds=said.ttl_s if said is not None and said.ttl_s is not None else LIVES_S)


@transaction.atomic
def _expire(environment: Environment, now: datetime) -> None:
    locked = Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
    seen = locked.instances.aggregate(seen=Max("last_seen"))["seen"]
    if seen is not None and seen + _lives(environment) >= now:
        return  # it reported meanwhile
    locked.expired_at = now
    locked.save(update_fields=["expired_at"])
    locked.instances.filter(retired_at=None).update(retired_at=now)
    drifts = end_quietly(of=Q(left=locked) | Q(right=locked), why=EXPIRED, now=now)
    log.info("environment expired", environment=str(locked.pk), drifts=drifts)


def revive(*, environment: Environment) -> bool:
    """Whether the environment had expired; it lives again with the report that the caller takes."""
    return bool(Environment.objects.filter(pk=environment.pk, expired_at__isnull=False).update(expired_at=None))
