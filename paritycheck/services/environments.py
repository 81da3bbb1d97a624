"""Changes what an environment is, and which one is the baseline."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from paritycheck.models import Environment, Project, User
from paritycheck.models.projects import EnvironmentKind
from paritycheck.services.audit import record
from paritycheck.services.drifts import end_quietly
from paritycheck.services.errors import Refused
from paritycheck.services.jobs import request_evaluation

REPLACED: Final = "baseline"
"""Why the drifts against a former baseline end: nothing is compared with it any more."""


@transaction.atomic
def change_environment(
    *, environment: Environment, tier: str, kind: str, by: User | None, detail: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Give it another tier or kind; what is compared with it is compared anew. One that had expired lives again where
    it is no longer ephemeral.
    """
    locked = Environment.objects.select_for_update(no_key=True).select_related("project").get(pk=environment.pk)
    was = {"tier": locked.tier, "kind": locked.kind}
    locked.tier, locked.kind = tier, kind
    if kind != EnvironmentKind.EPHEMERAL:
        locked.expired_at = None
    locked.save(update_fields=["tier", "kind", "expired_at"])
    said = {**detail, "tier": tier, "kind": kind, "was": was}
    record(action="environment.changed", by=by, project=locked.project, target=locked.slug, detail=said)
    baseline = locked.project.baseline_id == locked.pk
    _evaluate(locked.project.environments.all() if baseline else [locked])


@transaction.atomic
def choose_baseline(
    *,
    project: Project,
    environment: Environment,
    by: User | None,
    now: datetime,
    detail: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Compare the others with this one from now on. Drifts against the former one are resolved without a message:
    nobody mended them. Raises Refused(bad-parameter) for one of another project.
    """
    if environment.project_id != project.pk:
        raise Refused("bad-parameter", 400, "the baseline is an environment of the project")
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    before = locked.baseline
    locked.baseline = environment
    locked.save(update_fields=["baseline"])
    if before is not None:
        # The look inside the former one goes on.
        end_quietly(of=Q(right=before) & ~Q(left=before), why=REPLACED, now=now)
    said = {**detail, "was": before.slug if before else None}
    record(action="baseline.chosen", by=by, project=locked, target=environment.slug, detail=said)
    _evaluate(locked.environments.all())


def _evaluate(environments: Any) -> None:
    request_evaluation(environments=[one for one in environments if one.latest_id is not None])
