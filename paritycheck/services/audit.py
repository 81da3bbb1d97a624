"""Writes the audit log: one entry for each act that somebody may ask about later.

Entries are written in the transaction of the act, so that neither is there without the other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from paritycheck.codec.digests import digest_of
from paritycheck.models import AuditEntry, Project, Token, User
from paritycheck.models.audit import INSTALLATION
from paritycheck.selectors import clock
from paritycheck.services.revocation_file import REVOKING, keep

SYSTEM = "system"
FIRST = bytes(32)
LONGEST_ACTOR, LONGEST_TARGET = 254, 512
SHORTENED = "audit.shortened"
"""The act of an entry that says where its chain begins, after the oldest entries were taken out."""
OLD = timedelta(days=365)
"""No entry that is younger is ever taken out: the guard in the database holds to that too."""


def record(
    *,
    action: str,
    by: User | Token | None,
    project: Project | None = None,
    target: str = "",
    detail: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> AuditEntry:
    """Append an entry. `action` is `<noun>.<what happened>`, such as `waiver.created`.

    `detail` is JSON without secrets; `by` None is the installation itself.
    """
    chain = project.pk if project is not None else INSTALLATION
    return append(chain=chain, action=action, actor=actor_of(by), target=target, detail=detail, at=at)


@transaction.atomic
def append(
    *,
    chain: UUID,
    action: str,
    actor: str = SYSTEM,
    target: str = "",
    detail: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> AuditEntry:
    """Append an entry to a chain by its id, also to that of a project that is gone."""
    _hold(chain)
    last = AuditEntry.objects.filter(chain=chain).order_by("-number").first()
    entry = AuditEntry(
        chain=chain,
        number=last.number + 1 if last else 1,
        at=at or clock.now(),
        actor=actor[:LONGEST_ACTOR],
        action=action,
        target=target[:LONGEST_TARGET],
        detail=dict(detail or {}),
        previous=bytes(last.sha256) if last else FIRST,
    )
    entry.sha256 = digest_of(sealed_text(entry))
    entry.save(force_insert=True)
    if action in REVOKING:
        # Not robust=True: `keep` raises nothing, and what it cannot write beat does.
        transaction.on_commit(partial(keep, entry))
    return entry


def actor_of(by: User | Token | None) -> str:
    """How the log names who acted: an address, the public id of a machine's token, or `system`."""
    if isinstance(by, Token):
        return by.user.email if by.user is not None else str(by)
    return by.email if by is not None else SYSTEM


def sealed_text(entry: AuditEntry) -> bytes:
    """What an entry's digest is over: a JSON array in the order of the fields, `previous` in hex."""
    said = [
        str(entry.chain), entry.number, entry.at.astimezone(UTC).isoformat(), entry.actor, entry.action, entry.target,
        entry.detail, bytes(entry.previous).hex(),
    ]  # fmt: skip
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


@dataclass(frozen=True, slots=True)
class Checked:
    """How far a chain holds: up to entry `number`, the newest or the one before `broken`, and why it breaks there.
    Entries up to `gone`, whose digest was `before`, were taken out when they were old.
    """

    number: int
    head: bytes
    broken: int | None = None
    why: str = ""
    gone: int = 0
    before: bytes = FIRST


def check_chain(*, chain: UUID) -> Checked:
    """Compute every digest of a chain anew, the oldest first, and stop at the first that does not hold."""
    gone, before = number, previous = beginning_of(chain=chain)
    for entry in AuditEntry.objects.filter(chain=chain).order_by("number").iterator(2_000):
        why = _fault(entry, number + 1, previous)
        if why:
            return Checked(number, previous, number + 1, why, gone, before)
        number, previous = entry.number, bytes(entry.sha256)
    return Checked(number, previous, None, "", gone, before)


def beginning_of(*, chain: UUID) -> tuple[int, bytes]:
    """Number and digest of the last entry that was taken out when it was old, as the newest entry tells that says so;
    0 and 32 zero bytes where none was, or where the one that it tells was not old then.
    """
    told = AuditEntry.objects.filter(chain=chain, action=SHORTENED).order_by("-number").first()
    last = _last_gone(told) if told is not None else None
    if told is None or last is None or last.at > min(told.at, clock.now()) - OLD:
        return 0, FIRST
    return last.number, digest_of(sealed_text(last))


def farewell(entry: AuditEntry) -> dict[str, Any]:
    """What `audit.shortened` says of the last entry that goes: all that its digest is over."""
    said = {"at": entry.at.astimezone(UTC).isoformat(), "previous": bytes(entry.previous).hex()}
    return {**said, **{name: getattr(entry, name) for name in ("number", "actor", "action", "target", "detail")}}


def _last_gone(told: AuditEntry) -> AuditEntry | None:
    try:
        said = dict(told.detail)
        at, previous = datetime.fromisoformat(said.pop("at")), bytes.fromhex(said.pop("previous"))
        return AuditEntry(chain=told.chain, at=at, previous=previous, **said)
    except (KeyError, TypeError, ValueError):
        return None


def _fault(entry: AuditEntry, number: int, previous: bytes) -> str:
    if entry.number != number:
        return "it is missing"
    if bytes(entry.previous) != previous:
        return "it does not follow the entry before"
    return "" if digest_of(sealed_text(entry)) == bytes(entry.sha256) else "it was changed"


def _hold(chain: UUID) -> None:
    """One writer of a chain at a time, until its transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"audit {chain}"])
