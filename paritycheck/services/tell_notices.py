"""Turns notices into messages: what of one kind was noticed at once is one message to each listener."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from paritycheck.core.damping import QUIET
from paritycheck.core.subscriptions import AT_ONCE
from paritycheck.models import Notice, Project
from paritycheck.selectors.recipients import listeners_of
from paritycheck.services.notice_words import facts_of, message_of
from paritycheck.services.outbox import put_out_parcels
from paritycheck.services.tell import asked_by, parcel

log = structlog.get_logger(__name__)


def tell_notices(*, project_id: UUID, now: datetime) -> None:
    """Tell each notice that has waited for company, within the caller's transaction. Of two routers the second one
    waits for the rows of the first and finds them routed.
    """
    rows = Notice.objects.select_for_update(no_key=True).filter(project_id=project_id, routed_at=None)
    idents = list(rows.filter(at__lte=now - QUIET).order_by("id").values_list("pk", flat=True))
    if not idents:
        return
    project = Project.objects.select_related("policy").get(pk=project_id)
    kinds: dict[str, list[Notice]] = defaultdict(list)
    for notice in (
        Notice.objects.filter(pk__in=idents).select_related("project__policy", "left", "right").order_by("pk")
    ):
        kinds[notice.kind].append(notice)
    for notices in kinds.values():
        _tell(project, notices, now)
    Notice.objects.filter(pk__in=idents).update(routed_at=now)


def _tell(project: Project, notices: Sequence[Notice], now: datetime) -> None:
    facts = [facts_of(notice) for notice in notices]
    parcels = []
    for listener in listeners_of(project, AT_ONCE):
        asked = asked_by(listener, facts)
        if not asked.taken:
            continue
        message = message_of([notices[index] for index in asked.taken], now)
        parcels.append(parcel(listener, message, asked, now))
    added = put_out_parcels(project_id=project.pk, parcels=parcels, dedupe=f"notice:{notices[0].pk}")
    log.info("notice routed", project=str(project.pk), kind=notices[0].kind, deliveries=len(added))
