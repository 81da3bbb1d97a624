"""What a deploy may leave unsettled for a while and that outlasts the grace: instances that disagree, migrations that
wait. A rolling deploy is not drift, nor is one that migrates first or last.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta

from paritycheck.core.contradictions import unsettled
from paritycheck.core.policy import Policy
from paritycheck.models import Environment, Snapshot
from paritycheck.selectors.states import section_of

LOOK_BACK = 50
_ALONE = ("migrations",)
"""Sections that one instance can leave unsettled; it takes two to disagree."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """Names that are unsettled for longer than the grace, and the time until the next ones are."""

    names: frozenset[tuple[str, str]] = frozenset()
    again_in: timedelta | None = None


def lasting_names(*, environment: Environment, policy: Policy, now: datetime) -> Lasting:
    """Follow what is unsettled in the latest snapshot back to the snapshot that brought it."""
    latest = environment.snapshots.order_by("-number").first()
    found = _unsettled(latest, _ALONE if latest.instances < 2 else None) if latest else frozenset()  # noqa: PLR2004  two
    if not found:
        return Lasting()
    since = _since(environment, found)
    grace = timedelta(seconds=policy.grace_s)
    waits = [at + grace - now for at in since.values() if at + grace > now]
    return Lasting(frozenset(name for name, at in since.items() if at + grace <= now), min(waits, default=None))


def _since(environment: Environment, names: frozenset[tuple[str, str]]) -> dict[tuple[str, str], datetime]:
    since: dict[tuple[str, str], datetime] = {}
    remaining = names
    for snapshot in environment.snapshots.order_by("-number")[:LOOK_BACK]:
        remaining &= _unsettled(snapshot, {section for section, _ in remaining})
        if not remaining:
            break
        since |= dict.fromkeys(remaining, snapshot.opened_at)
    return since


def _unsettled(snapshot: Snapshot, among: Container[str] | None = None) -> frozenset[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for name, entry in snapshot.sections.items():
        if among is None or name in among:
            found |= {(name, fact) for fact in unsettled(section_of(snapshot.project_id, name, entry))}
    return frozenset(found)
