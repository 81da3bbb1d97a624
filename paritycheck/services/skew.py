"""Disagreement of an environment's instances that outlasts the grace: a rolling deploy is not drift."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta

from paritycheck.core.facts import Section, State
from paritycheck.core.policy import Policy
from paritycheck.models import Environment, Snapshot
from paritycheck.selectors.states import section_of

LOOK_BACK = 50


@dataclass(frozen=True, slots=True)
class Skew:
    """Names that disagree for longer than the grace, and the time until the next ones do."""

    lasting: frozenset[tuple[str, str]] = frozenset()
    again_in: timedelta | None = None


def lasting_skew(*, environment: Environment, policy: Policy, now: datetime) -> Skew:
    """Follow each disagreement of the latest snapshot back to the snapshot that brought it."""
    snapshots = list(environment.snapshots.order_by("-number")[:1])
    alone = not snapshots or snapshots[0].instances < 2  # noqa: PLR2004  it takes two to disagree
    skewed = frozenset() if alone else _skewed(snapshots[0])
    if not skewed:
        return Skew()
    since = _since(environment, skewed)
    grace = timedelta(seconds=policy.grace_s)
    waits = [at + grace - now for at in since.values() if at + grace > now]
    lasting = frozenset(name for name, at in since.items() if at + grace <= now)
    return Skew(lasting, min(waits, default=None))


def _since(environment: Environment, skewed: frozenset[tuple[str, str]]) -> dict[tuple[str, str], datetime]:
    since: dict[tuple[str, str], datetime] = {}
    remaining = skewed
    for snapshot in environment.snapshots.order_by("-number")[:LOOK_BACK]:
        remaining &= _skewed(snapshot, {section for section, _ in remaining})
        if not remaining:
            break
        since |= dict.fromkeys(remaining, snapshot.opened_at)
    return since


def _skewed(snapshot: Snapshot, among: Container[str] | None = None) -> frozenset[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for name, entry in snapshot.sections.items():
        if among is not None and name not in among:
            continue
        section = section_of(snapshot.project_id, name, entry)
        found |= {(name, fact) for fact in _disagreeing(section)}
    return frozenset(found)


def _disagreeing(section: Section) -> list[str]:
    return [name for name, fact in section.facts.items() if fact.state is State.UNKNOWN and fact.reason == "skew"]
