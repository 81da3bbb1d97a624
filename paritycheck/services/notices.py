"""Notes what happened besides drifts that somebody should hear of: once, however often it is noticed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from paritycheck.models import Environment, Notice
from paritycheck.services.jobs import ROUTE, note

LONGEST = 254
GROUP_WINDOW_S = 5


def note_notice(  # noqa: PLR0913  the members of a row
    *,
    project_id: UUID,
    kind: str,
    about: str,
    severity: str,
    dedupe: str,
    at: datetime,
    left: Environment | None = None,
    right: Environment | None = None,
    gap: str = "",
    detail: Mapping[str, Any] | None = None,
) -> bool:
    """Keep one transition and wake who tells of it; whether it was not noted before under `dedupe`.

    `detail` is what `notice_words` makes the message of, as JSON; times in it are ISO text.
    """
    given = {"left": left, "right": right, "gap": gap, "severity": severity, "detail": dict(detail or {}), "at": at}
    _, made = Notice.objects.get_or_create(
        project_id=project_id, dedupe=dedupe[:LONGEST], defaults={"kind": kind, "about": about[:LONGEST], **given}
    )
    if made:
        note(ROUTE, project_id, countdown=GROUP_WINDOW_S)
    return made
