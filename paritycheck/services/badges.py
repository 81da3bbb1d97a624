"""A project's badge: made, replaced and ended by its maintainers."""

import secrets
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction

from paritycheck.models import Badge, Project, User
from paritycheck.services.audit import record
from paritycheck.services.handing_out import require_administering

SECRET_BYTES: Final = 24
"""192 bits, 32 characters of an address."""


def address_of(badge: Badge) -> str:
    """Where the image is; never built from the request's host."""
    return f"{settings.PUBLIC_URL}/api/v1/badges/{badge.secret}.svg"


@transaction.atomic
def make_badge(*, project: Project, by: User | None, now: datetime) -> Badge:
    """A badge under a new address; the old one, if there is one, ends with it. Raises Refused: forbidden."""
    user = require_administering(user=by, project=project)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    said = {"secret": secrets.token_urlsafe(SECRET_BYTES), "made_by": user.email, "made_at": now}
    badge, created = Badge.objects.update_or_create(project=project, defaults=said)
    record(action="badge.made" if created else "badge.replaced", by=user, project=project)
    return badge


@transaction.atomic
def end_badge(*, badge: Badge, by: User | None) -> None:
    """Its address shows nothing more. Raises Refused: forbidden."""
    user = require_administering(user=by, project=badge.project)
    record(action="badge.ended", by=user, project=badge.project)
    badge.delete()
