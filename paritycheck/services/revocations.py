"""Brings the revocation file up to the audit log: what a process died over between its commit and its line."""

from typing import Final

import structlog
from django.db.models import Max

from paritycheck.models import AuditEntry
from paritycheck.services.revocation_file import REVOKING, RevocationError, add_lines, file_path, line_of, lines_of

log = structlog.get_logger(__name__)
OVERLAP: Final = 1_000
"""Ids are given out before the commit: a smaller one may be seen later."""


def write_missing(*, after: int) -> int:
    """Add what the file lacks of the entries after this id, all of them for 0; the id to go on from."""
    path = file_path()
    top = AuditEntry.objects.aggregate(top=Max("pk"))["top"] or 0
    if path is None or top <= after:
        return after
    entries = AuditEntry.objects.filter(action__in=REVOKING, pk__gt=after - OVERLAP).order_by("pk")
    lines = [line_of(entry) for entry in entries]
    try:
        known = {line.key for line in lines_of(path)} if path.exists() else set()
        added = add_lines([line for line in lines if line.key not in known])
    except (OSError, RevocationError) as error:
        log.error("revocation file not written", reason=str(error))  # noqa: TRY400  the reason is all
        return after
    if added:
        log.info("revocations written", count=added)
    return int(top)
