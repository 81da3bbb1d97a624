"""Which recipient was told of which drift, and by which message first."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from paritycheck.models import DriftThread
from paritycheck.selectors.recipients import Recipient

RESOLVED = "resolved"


class Threads:
    """What recipients of a project know of some drifts. Read once, by whoever holds these drifts' events locked."""

    def __init__(self, project_id: UUID, drifts: Iterable[str]) -> None:
        self._project_id = project_id
        rows = DriftThread.objects.filter(project_id=project_id, drift_id__in=set(drifts))
        self._known = {(row.drift_id, row.channel, row.recipient): row for row in rows}

    def is_open(self, drift: str, recipient: Recipient) -> bool:
        """Whether the recipient was told of the drift and not yet of its end."""
        row = self._known.get((drift, recipient.channel, recipient.address))
        return row is not None and row.is_open

    def first(self, drifts: Iterable[str], recipient: Recipient) -> UUID | None:
        """The message that told the recipient first of all of these drifts; None where there is no such one."""
        found = {self._known.get((drift, recipient.channel, recipient.address)) for drift in drifts}
        firsts = {row.first if row is not None else None for row in found}
        return firsts.pop() if len(firsts) == 1 else None

    def note(self, told: Mapping[Recipient, tuple[UUID, Mapping[str, str]]]) -> None:
        """Keep that these recipients were told, by which delivery, of which drifts and in which word each."""
        rows = [
            DriftThread(
                project_id=self._project_id,
                drift_id=drift,
                channel=recipient.channel,
                recipient=recipient.address,
                first=delivery,
                is_open=change != RESOLVED,
            )
            for recipient, (delivery, changes) in told.items()
            for drift, change in changes.items()
        ]
        DriftThread.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["project", "drift", "channel", "recipient"],
            update_fields=["is_open"],
            batch_size=1000,
        )
