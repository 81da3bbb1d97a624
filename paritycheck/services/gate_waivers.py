"""Which findings of a gate are accepted already, and by what: the candidate's own file first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from paritycheck.codec.digests import to_bytes
from paritycheck.core.findings import Finding
from paritycheck.core.policy import Policy, read_policy
from paritycheck.core.waivers import Accepted, Held, mark_of, rule_on
from paritycheck.models import Drift, Environment, Project
from paritycheck.models import Policy as StoredPolicy
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.waivers import Granted, accepted_of, granted, granted_by

CANDIDATE = "candidate"
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Waivers:
    """Those that count in one answer, the candidate's own first.

    A candidate is no environment yet, so a waiver of one pair does not mean it, nor one that names drifts one by one;
    a promotion is of a pair, and what was accepted of its drifts counts as it does there.
    """

    found: tuple[Granted, ...]
    pair: str
    accepted: Mapping[Key, Mapping[str, Accepted]]
    now: datetime

    def of(self, found: Finding, left: Mapping[str, Any], right: Mapping[str, Any]) -> Granted | None:
        """The waiver that covers a finding, whose sides are shown as documents."""
        mark = mark_of(left, right)
        accepted = self.accepted.get(found.key, {})
        held = Held(self.pair, *found.key, found.severity, found.distance, mark, accepted)
        grant = rule_on(held, [each.grant for each in self.found], self.now).grant
        return next((each for each in self.found if grant is not None and each.grant.key == grant.key), None)

    def rank(self, granted_one: Granted) -> int:
        """Where it stands in the list."""
        return self.found.index(granted_one)


def waivers_of_candidate(project: Project, policy: Policy, digest: str | None, now: datetime) -> Waivers:
    """In force, and what the candidate's own `parity.toml` adds to it. Of those that end when a side changes none: a
    candidate is a change.
    """
    counting = [each for each in granted(project, policy) if not each.grant.until_changes]
    known = {each.grant.key for each in counting}
    added = [each for each in granted_by(_sent(project, digest), CANDIDATE) if each.grant.key not in known]
    return Waivers((*added, *counting), "", {}, now)


def waivers_of_promotion(
    project: Project, policy: Policy, environment: Environment, against: Environment, now: datetime
) -> Waivers:
    """In force in the pair."""
    rows = Drift.objects.filter(project=project, left=environment, right=against, accepted__isnull=False)
    accepted = {(row.section, row.name, row.rule): accepted_of(row) for row in rows.exclude(state=DriftState.RESOLVED)}
    return Waivers(tuple(granted(project, policy)), f"{environment.slug}..{against.slug}", accepted, now)


def _sent(project: Project, digest: str | None) -> Policy:
    """The candidate's file; one with mistakes adds nothing."""
    row = StoredPolicy.objects.filter(project=project, digest=to_bytes(digest), errors=[]).first() if digest else None
    return read_policy(row.text) if row is not None else Policy()
