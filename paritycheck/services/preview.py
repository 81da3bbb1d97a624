"""What a policy would open, resolve and change if it were in force now. Nothing is written."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from paritycheck.core.findings import Finding
from paritycheck.core.lifecycle import Change, Known, Transition, advance, drift_identity
from paritycheck.core.policy import Policy, read_policy
from paritycheck.models import Drift, Environment, Project
from paritycheck.selectors.states import fetch_bodies
from paritycheck.services.drifts import known_of
from paritycheck.services.evaluate import pairs_of
from paritycheck.services.lasting import Lasting, lasting_names
from paritycheck.services.pairs import half_of, judge_halves
from paritycheck.services.policies import require_policy

MOST_ENVIRONMENTS = 100
WORDS = {
    Change.OPENED: "opens",
    Change.REOPENED: "opens",
    Change.RESOLVED: "resolves",
    Change.CHANGED: "changes",
    Change.WORSENED: "changes",
}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One drift that would move; `severity` is that after the step, for one that resolves that before."""

    what: str
    pair: str
    section: str
    name: str
    rule: str
    severity: str
    left: str
    right: str
    drift: str


@dataclass(frozen=True, slots=True)
class Preview:
    """`moves` in the order opens, changes, resolves; `stays` counts the drifts that would stand as they do.

    `left_out` counts environments beyond the first 100, which were not judged.
    """

    moves: tuple[Foreseen, ...]
    stays: int
    pairs: int
    left_out: int

    @property
    def totals(self) -> dict[str, int]:
        """How many open, change, resolve and stay."""
        counted = Counter(move.what for move in self.moves)
        return {**{what: counted[what] for what in ("opens", "changes", "resolves")}, "stays": self.stays}


def preview_policy(*, project: Project, text: str, now: datetime) -> Preview:
    """Judge every pair of the project by the text, as evaluation would, against the drifts known now.

    Raises Refused(bad-pattern or bad-policy) for a text with mistakes.
    """
    require_policy(text)
    policy = read_policy(text)
    rows = project.environments.select_related("latest", "project__baseline__latest").order_by("slug")
    rows = rows.prefetch_related("instances", "project__baseline__instances")
    environments = list(rows.filter(latest__isnull=False, expired_at=None))
    judged = environments[:MOST_ENVIRONMENTS]
    fetch_bodies(project.pk, [environment.latest for environment in judged if environment.latest])
    known = _known(project)
    moves: list[Foreseen] = []
    stays = pairs = 0
    for environment in judged:
        for left, right in pairs_of(environment):
            steps, standing = _foresee(known.get((left.pk, right.pk), {}), left, right, policy, now)
            moves += [_foreseen(step, left, right) for step in steps]
            stays += standing
            pairs += 1
    order = ("opens", "changes", "resolves")
    moves.sort(key=lambda move: (order.index(move.what), move.pair, move.section, move.name, move.rule))
    return Preview(tuple(moves), stays, pairs, len(environments) - len(judged))


def _known(project: Project) -> Mapping[tuple[UUID, UUID], dict[str, Known]]:
    """Every drift that there was, by its pair: one question, however many pairs there are."""
    found: dict[tuple[UUID, UUID], dict[str, Known]] = defaultdict(dict)
    for row in Drift.objects.filter(project=project):
        found[row.left_id, row.right_id][row.id] = known_of(row)
    return found


def _foresee(
    known: dict[str, Known], left: Environment, right: Environment, policy: Policy, now: datetime
) -> tuple[tuple[Transition, ...], int]:
    """The steps that the pair's drifts would take, and how many live ones would take none."""
    lasting = lasting_names(environment=left, policy=policy, now=now) if left == right else Lasting()
    judged = judge_halves((half_of(left, policy, now), half_of(right, policy, now)), policy, lasting, now)

    def identity(finding: Finding) -> str:
        return drift_identity(left.project_id, left.pk, right.pk, *finding.key)

    steps = advance(known, judged, identity, initial=False)
    moved = {step.identity for step in steps}
    return steps, sum(drift.live and key not in moved for key, drift in known.items())


def _foreseen(step: Transition, left: Environment, right: Environment) -> Foreseen:
    severity = step.finding.severity if step.finding else step.known.severity if step.known else "note"
    pair = f"{left.slug}..{right.slug}"
    key = (step.section, step.name, step.rule)
    return Foreseen(WORDS[step.kind], pair, *key, severity, left.slug, right.slug, step.identity)
