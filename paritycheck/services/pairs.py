"""One pair's evaluation: judge, move its drifts, note where it stands."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from paritycheck.core.end_of_life import season
from paritycheck.core.expectations import inside, judge
from paritycheck.core.facts import Side
from paritycheck.core.findings import Finding, Judgement
from paritycheck.core.lifecycle import advance, drift_identity
from paritycheck.core.parity import DISTANCES, by_section, parity
from paritycheck.core.policy import Policy, default_policy, read_policy
from paritycheck.models import Environment, Pair, Snapshot
from paritycheck.selectors.states import read_times, side_of, stale_sections
from paritycheck.services.bands import note_bands
from paritycheck.services.courses import note_courses
from paritycheck.services.drifts import known_drifts, write_steps
from paritycheck.services.gaps import personnel_gap, time_gap
from paritycheck.services.lasting import Lasting, lasting_names
from paritycheck.services.settle import settle_waivers

RULES_VERSION = 3
"""Grows when the judgement itself changes, or what is kept of it, so that stored evaluations are made again."""


def policy_of(environment: Environment) -> Policy:
    """The policy in force for the environment's project."""
    stored = environment.project.policy
    return default_policy() if stored is None else read_policy(stored.text)


@dataclass(frozen=True, slots=True)
class Half:
    """One side: its environment, its snapshot, and the sections that nobody confirmed for too long."""

    environment: Environment
    snapshot: Snapshot
    stale: frozenset[str]

    def side(self) -> Side:
        return side_of(self.snapshot, self.environment, stale=self.stale)

    def basis(self) -> list[object]:
        digests = {name: entry.get("digest") or entry.get("reason") for name, entry in self.snapshot.sections.items()}
        return [str(self.environment.pk), self.environment.tier, self.environment.kind, digests, sorted(self.stale)]


def evaluate_pair(*, left: Environment, right: Environment, now: datetime) -> timedelta | None:
    """Bring the pair's drifts and its row up to date. Equal facts under an equal policy are not compared again.

    Waivers are settled each time, because time ends them. Both environments have a snapshot. Returns the time after
    which to look again where time decides (what may outlast its grace, a waiver that ends, a deploy that leaves the
    window of the personnel gap).
    """
    pair = _locked(left, right, now)
    # Read anew behind the lock: whoever waited for it must not judge by what was so before.
    left, right = pair.left, pair.right = _now_of(left), _now_of(right)
    policy = policy_of(left)
    halves = half_of(left, policy, now), half_of(right, policy, now)
    lasting = lasting_names(environment=left, policy=policy, now=now) if left == right else Lasting()
    initial = not pair.basis
    basis = _basis(halves, left, lasting, now)
    if pair.basis != basis:
        judged = judge_halves(halves, policy, lasting, now)
        _move(pair, judged, policy, now, initial=initial)
        _describe(pair, judged)
        pair.basis = basis
    ends_in = settle_waivers(pair=pair, policy=policy, now=now)
    again_in = _note(pair, halves, policy, now)
    return min((span for span in (lasting.again_in, ends_in, again_in) if span is not None), default=None)


def _locked(left: Environment, right: Environment, now: datetime) -> Pair:
    """The pair's row, locked; a pair that was never evaluated has no basis yet."""
    Pair.objects.bulk_create(
        [Pair(project_id=left.project_id, left=left, right=right, evaluated_at=now)], ignore_conflicts=True
    )
    rows = Pair.objects.select_for_update(of=("self",)).select_related("project")
    return rows.get(project_id=left.project_id, left=left, right=right)


def _now_of(environment: Environment) -> Environment:
    return Environment.objects.select_related("latest", "project__policy").get(pk=environment.pk)


def half_of(environment: Environment, policy: Policy, now: datetime) -> Half:
    if environment.latest is None:
        raise ValueError("an environment without a snapshot has no side")
    after = timedelta(seconds=policy.unknown_after_s)
    return Half(environment, environment.latest, stale_sections(read_times(environment), now=now, after=after))


def _basis(halves: tuple[Half, Half], left: Environment, lasting: Lasting, now: datetime) -> str:
    """What the judgement follows from; of the date, which decides on support, as much as makes a difference."""
    stored = left.project.policy
    digest = bytes(stored.digest).hex() if stored else ""
    parts = [RULES_VERSION, digest, halves[0].basis(), halves[1].basis(), sorted(lasting.names)]
    if halves[0].environment == halves[1].environment:
        parts.append(season(now.date()))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def judge_halves(halves: tuple[Half, Half], policy: Policy, lasting: Lasting, now: datetime) -> Judgement:
    if halves[0].environment == halves[1].environment:
        return inside(halves[0].side(), policy, lasting.names, today=now.date())
    return judge(halves[0].side(), halves[1].side(), policy)


def _move(pair: Pair, judged: Judgement, policy: Policy, now: datetime, *, initial: bool) -> None:
    def identity(finding: Finding) -> str:
        return drift_identity(pair.project_id, pair.left_id, pair.right_id, *finding.key)

    steps = advance(known_drifts(pair), judged, identity, initial=initial)
    owners = {step.identity: policy.owner(step.section, step.name) or "" for step in steps}
    write_steps(pair=pair, steps=steps, owners=owners, now=now)


def _describe(pair: Pair, judged: Judgement) -> None:
    stand = parity(judged.rows)
    pair.parity, pair.coverage = stand.value, stand.coverage
    counts: dict[str, Counter[str]] = {}
    for row in judged.rows:
        counts.setdefault(row.section, Counter())[row.relation.value] += 1
    pair.counts = {section: dict(sorted(counter.items())) for section, counter in sorted(counts.items())}
    pair.sections = {
        section: {
            "parity": apart.parity.value,
            "coverage": apart.parity.coverage,
            "by_distance": dict(zip(DISTANCES, apart.by_distance, strict=True)),
        }
        for section, apart in by_section(judged.rows).items()
    }


def _note(pair: Pair, halves: tuple[Half, Half], policy: Policy, now: datetime) -> timedelta | None:
    """Where the pair stands now; the time after which its gaps change by themselves."""
    again_in = None
    pair.left_snapshot, pair.right_snapshot = halves[0].snapshot, halves[1].snapshot
    pair.policy_version = halves[0].environment.project.policy_version
    pair.evaluated_at = now
    if pair.left_id != pair.right_id:
        pair.time = time_gap(upstream=halves[0].snapshot, downstream=halves[1].snapshot, policy=policy, now=now)
        pair.personnel, again_in = personnel_gap(environment=pair.right, policy=policy, now=now)
        note_bands(pair=pair, now=now)
        note_courses(pair=pair, now=now)
    pair.save()
    return again_in
