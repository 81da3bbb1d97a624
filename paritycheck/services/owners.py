"""Who owns drifts, by hand: that goes before `[owners]` of the policy, and stays through every change of the drift."""

from collections.abc import Sequence

from django.db import transaction

from paritycheck.core.plain import plain
from paritycheck.models import Drift, Project, User
from paritycheck.selectors.policies import policy_of
from paritycheck.services.audit import record
from paritycheck.services.waivers import require_waiving

LONGEST = 512


@transaction.atomic
def assign_drifts(*, project: Project, drifts: Sequence[Drift], owner: str, user: User) -> str:
    """Give the drifts to a person or a team, and to whom the policy says where `owner` is empty; the name that is kept.

    Raises Refused(forbidden). No event is written: whose a drift is changes nothing about it, so nobody is alerted.
    """
    require_waiving(user=user, project=project)
    name, policy = plain(owner, LONGEST).strip(), policy_of(project)
    rows = Drift.objects.select_for_update().filter(project=project, pk__in=[drift.pk for drift in drifts])
    locked = list(rows.order_by("id"))
    for drift in locked:
        drift.owner = name or policy.owner(drift.section, drift.name) or ""
    Drift.objects.bulk_update(locked, ["owner"])
    if locked:
        first = f"{locked[0].section}/{locked[0].name}:{locked[0].rule}"
        target = first if len(locked) == 1 else f"{len(locked)} drifts"
        record(action="drift.assigned", by=user, project=project, target=target, detail={"owner": name})
    return name
