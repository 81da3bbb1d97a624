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
    if environment.latest is None:
        return Lasting()
    since = unsettled_since(environment.latest)
    grace = timedelta(seconds=policy.grace_s)
    waits = [at + grace - now for at in since.values() if at + grace > now]
    return Lasting(frozenset(name for name, at in since.items() if at + grace <= now), min(waits, default=None))


def unsettled_since(snapshot: Snapshot) -> dict[tuple[str, str], datetime]:
    """What is unsettled in a snapshot, and since when, as far as the 50 before it tell."""
    remaining = unsettled_in(snapshot)
    since: dict[tuple[str, str], datetime] = {}
    if not remaining:
        return since
    before = Snapshot.objects.filter(environment=snapshot.environment_id, number__lte=snapshot.number)
    for one in before.order_by("-number")[:LOOK_BACK]:
        remaining &= _unsettled(one, {section for section, _ in remaining})
        if not remaining:
            break
        since |= dict.fromkeys(remaining, one.opened_at)
    return since


def unsettled_in(snapshot: Snapshot) -> frozenset[tuple[str, str]]:
    """Section and name of what is unsettled in a snapshot."""
    return _unsettled(snapshot, _ALONE if snapshot.instances < 2 else None)  # noqa: PLR2004  two


def may_be_unsettled(snapshot: Snapshot) -> bool:
    """Whether it is worth looking."""
    return snapshot.instances > 1 or any(section in snapshot.sections for section in _ALONE)


def _unsettled(snapshot: Snapshot, among: Container[str] | None = None) -> frozenset[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for name, entry in snapshot.sections.items():
        if among is None or name in among:
            found |= {(name, fact) for fact in unsettled(section_of(snapshot.project_id, name, entry))}
    return frozenset(found)
