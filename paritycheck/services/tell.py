"""Gives each listener of a project what they asked for: one message for all of it, held in their quiet hours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from paritycheck.core.alerts import Place, alert
from paritycheck.core.message import Message, Row
from paritycheck.core.subscription_words import reason
from paritycheck.core.subscriptions import AT_ONCE, HELD_FOR, Facts, SubscriptionTerms, held_until, matches
from paritycheck.models import Project
from paritycheck.selectors.recipients import Listener, Recipient, listeners_of
from paritycheck.services.drift_threads import Threads
from paritycheck.services.outbox import Parcel, put_out_parcels

FOLLOWING = frozenset({"resolved", "flapping"})
"""What is told to everybody who was told of the drift, however bad it is by now."""


@dataclass(frozen=True, slots=True)
class Line:
    """One drift's row, and what is matched of it; `initial` for the first evaluation of its pair."""

    drift: str
    row: Row
    facts: Facts
    initial: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What one listener takes of some changes: by which of them, and by which subscriptions."""

    taken: tuple[int, ...]
    by: tuple[tuple[UUID, SubscriptionTerms], ...] = field(default=())


def tell_drifts(*, project: Project, place: Place, lines: Sequence[Line], dedupe: str, now: datetime) -> int:
    """Tell the listeners of a project about lines of one pair; how many messages that makes."""
    threads = Threads(project.pk, (line.drift for line in lines))
    letters: dict[tuple[int, ...], Message] = {}
    parcels, told = [], {}
    for listener in listeners_of(project, AT_ONCE):
        asked = _asked(listener, lines, threads)
        if not asked.taken:
            continue
        taken = [lines[index] for index in asked.taken]
        message = letters.setdefault(asked.taken, _message(place, taken))
        first = threads.first((line.drift for line in taken), listener.recipient)
        parcels.append(replace(parcel(listener, message, asked, now), thread=first))
        told[listener.recipient] = {line.drift: line.row.change for line in taken}
    added = put_out_parcels(project_id=project.pk, parcels=parcels, dedupe=dedupe)
    _note(threads, told, added)
    return len(added)


def _note(threads: Threads, told: Mapping[Recipient, Mapping[str, str]], added: Mapping[Recipient, UUID]) -> None:
    threads.note({recipient: (ident, told[recipient]) for recipient, ident in added.items()})


def _message(place: Place, lines: Sequence[Line]) -> Message:
    initial = all(line.initial for line in lines)
    return alert(replace(place, initial=initial), [line.row for line in lines])


def _asked(listener: Listener, lines: Sequence[Line], threads: Threads) -> Asked:
    found = asked_by(listener, [line.facts for line in lines])
    follows = [
        index
        for index, line in enumerate(lines)
        if line.row.change in FOLLOWING and threads.is_open(line.drift, listener.recipient)
    ]
    taken = tuple(sorted({*found.taken, *follows}))
    return Asked(taken, found.by or listener.terms[:1])


def asked_by(listener: Listener, facts: Sequence[Facts]) -> Asked:
    """Which of these changes the listener's subscriptions take in together."""
    taken = {
        ident: {index for index, each in enumerate(facts) if matches(terms, each, listener.mine)}
        for ident, terms in listener.terms
    }
    return Asked(
        tuple(sorted(set().union(*taken.values()))),
        tuple((ident, terms) for ident, terms in listener.terms if taken[ident]),
    )


def parcel(listener: Listener, message: Message, asked: Asked, now: datetime) -> Parcel:
    """The message on its way. It is held while every subscription that asked for it has its quiet hours, until the
    first of these end.
    """
    ends = [held_until(terms, now) for _, terms in asked.by]
    held = [end for end in ends if end is not None]
    who = "you" if listener.recipient.target_id is None else "this channel"
    message = replace(message, why=reason(who, asked.by[0][1]))
    if len(held) < len(ends):
        return Parcel(listener.recipient, message, asked.by[0][0])
    return Parcel(listener.recipient, message, asked.by[0][0], due_at=min(held), held_for=HELD_FOR)
