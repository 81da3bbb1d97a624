"""What channels know drifts by, as rows: which issue is a drift's."""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Q

from paritycheck.core.markup import rows_of
from paritycheck.core.message import Message
from paritycheck.models import Channel, ChannelThread, Drift
from paritycheck.models.drifts import DriftState

SHORTEST = 10
_PAGE = "/d/"


class ChannelThreads:
    """The threads of one channel, for one delivery."""

    def __init__(self, channel: Channel, delivery_id: UUID) -> None:
        self._channel = channel
        self._delivery = delivery_id
        self._rows: dict[str, ChannelThread] = {}

    def _row(self, identity: str) -> ChannelThread | None:
        if identity not in self._rows:
            found = self._channel.threads.filter(drift_id=identity).first()
            if found is None:
                return None
            self._rows[identity] = found
        return self._rows[identity]

    def ref(self, identity: str) -> str:
        """What the drift goes by there; empty for nothing."""
        row = self._row(identity)
        return row.ref if row else ""

    def is_open(self, identity: str) -> bool:
        """Whether its thread is open."""
        row = self._row(identity)
        return row is not None and row.is_open

    def told(self, identity: str) -> bool:
        """Whether an earlier attempt of this delivery told of it."""
        row = self._row(identity)
        return row is not None and row.told_by == self._delivery

    def keep(self, identity: str, ref: str, *, is_open: bool) -> None:
        """Keep it, committed at once."""
        row, _made = ChannelThread.objects.update_or_create(
            channel=self._channel,
            drift_id=identity,
            defaults={
                "project_id": self._channel.project_id,
                "ref": ref[:254],
                "is_open": is_open,
                "told_by": self._delivery,
            },
        )
        self._rows[identity] = row


def identities_of(message: Message, project_id: UUID) -> Mapping[str, str]:
    """The whole identity of each drift that the message is about, by the address of its page, which ends with the
    first digits of it.
    """
    short = {row.url: row.url.rpartition(_PAGE)[2] for row in rows_of(message) if _PAGE in row.url}
    short = {url: digits for url, digits in short.items() if len(digits) >= SHORTEST and digits.isalnum()}
    wanted = Q(pk__in=[])
    for digits in short.values():
        wanted |= Q(pk__startswith=digits)
    rows = Drift.objects.filter(wanted, project_id=project_id)
    known = list(rows.values_list("pk", flat=True)) if short else []
    found = {url: next((one for one in known if one.startswith(digits)), "") for url, digits in short.items()}
    return {url: identity for url, identity in found.items() if identity}


def over_of(identities: Mapping[str, str]) -> frozenset[str]:
    """Which of these drifts are resolved now."""
    rows = Drift.objects.filter(pk__in=set(identities.values()), state=DriftState.RESOLVED)
    return frozenset(rows.values_list("pk", flat=True)) if identities else frozenset()
