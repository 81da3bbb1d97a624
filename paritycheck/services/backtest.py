"""What a policy would have opened in the last days, from the snapshots that are stored. Nothing is written.

A snapshot holds until the next one of its environment. Where nobody confirmed it for so long that evaluation held it
for stale, the replay does so too. Where instances disagree, or migrations wait, for longer than the grace, the
environment is judged again at its end, as evaluation does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from paritycheck.core.backtest import Opening, Replay
from paritycheck.core.expectations import inside, judge
from paritycheck.core.facts import Section, Side
from paritycheck.core.findings import Finding, Judgement
from paritycheck.core.lifecycle import drift_identity
from paritycheck.core.policy import Policy, read_policy
from paritycheck.models import Environment, Project, Snapshot
from paritycheck.selectors.states import fetch_bodies, read_times, section_of, stale_sections
from paritycheck.services.lasting import may_be_unsettled, unsettled_in, unsettled_since
from paritycheck.services.policies import require_policy

MOST_COMPARISONS = 500
MOST_SNAPSHOTS = 500
TOGETHER = timedelta(seconds=5)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Backtest:
    """`openings` by time. `since` is later than asked for where the work was bounded: then `complete` is false.

    `stood` counts drifts that were there at the beginning.
    """

    openings: tuple[Opening, ...]
    stood: int
    since: datetime
    until: datetime
    complete: bool
    snapshots: int
    comparisons: int

    @property
    def short(self) -> int:
        """How many were gone within an hour."""
        return sum(one.short for one in self.openings)


def backtest_policy(
    *, project: Project, text: str, days: int, now: datetime, progress: Progress = lambda _steps, _total: None
) -> Backtest:
    """Replay the last `days` days, newest first within a bound of 500 comparisons. `progress` is told how many of how
    many steps are done.

    Raises Refused(bad-pattern or bad-policy) for a text with mistakes.
    """
    require_policy(text)
    asked = now - timedelta(days=days)
    rows = project.environments.select_related("latest").prefetch_related("instances")
    environments = {row.pk: row for row in rows}
    news = list(
        Snapshot.objects.filter(project=project, opened_at__gt=asked, opened_at__lte=now).order_by("-opened_at", "-pk")[
            : MOST_SNAPSHOTS + 1
        ]
    )
    kept = _affordable(news, project.baseline_id, len(environments))
    complete = len(kept) == len(news)
    since = asked if complete else kept[-1].opened_at if kept else now
    past = _Past(project, read_policy(text), environments)
    past.begin(since if complete else since - timedelta(microseconds=1))
    fetch_bodies(project.pk, [*past.current.values(), *kept])
    past.judge_all(since)
    steps = list(_batches(kept[::-1]))
    for done, batch in enumerate(steps, 1):
        progress(done, len(steps) + 1)
        past.wait(batch[0].opened_at)
        past.take(batch)
    past.wait(now)
    openings = sorted(past.openings(), key=lambda one: (one.opened_at, one.pair, one.section, one.name))
    return Backtest(tuple(openings), past.stood(), since, now, complete, len(kept) + len(past.began), past.comparisons)


def _affordable(news: Sequence[Snapshot], baseline: UUID | None, environments: int) -> list[Snapshot]:
    """The newest snapshots whose comparisons the bound lets pass."""
    left = MOST_COMPARISONS - 2 * environments
    kept: list[Snapshot] = []
    for snapshot in news[:MOST_SNAPSHOTS]:
        left -= environments if snapshot.environment_id == baseline else 2
        left -= may_be_unsettled(snapshot)
        if left < 0:
            break
        kept.append(snapshot)
    return kept


def _batches(snapshots: Sequence[Snapshot]) -> Iterator[list[Snapshot]]:
    """What came within seconds is judged once, as by a worker that is woken once."""
    batch: list[Snapshot] = []
    for snapshot in snapshots:
        if batch and snapshot.opened_at - batch[0].opened_at > TOGETHER:
            yield batch
            batch = []
        batch.append(snapshot)
    if batch:
        yield batch


@dataclass(slots=True)
class _Past:
    """The snapshots that stand at one moment of the replay, and what was judged of them so far."""

    project: Project
    policy: Policy
    environments: Mapping[UUID, Environment]
    current: dict[UUID, Snapshot] = field(default_factory=dict)
    began: frozenset[int] = frozenset()
    comparisons: int = 0
    _replays: dict[tuple[UUID, UUID], Replay] = field(default_factory=dict)
    _sections: dict[str, Section] = field(default_factory=dict)
    _times: dict[UUID, Mapping[str, datetime]] = field(default_factory=dict)
    _unsettled: dict[UUID, dict[tuple[str, str], datetime]] = field(default_factory=dict)
    _waited: datetime | None = None

    def begin(self, since: datetime) -> None:
        """Stand at `since`, before anything that came later."""
        rows = Snapshot.objects.filter(project=self.project, opened_at__lte=since)
        rows = rows.order_by("environment_id", "-number").distinct("environment_id")
        self.current = {row.environment_id: row for row in rows}
        self.began = frozenset(row.pk for row in self.current.values())

    def judge_all(self, at: datetime) -> None:
        """Judge every pair that has both sides."""
        self._unsettled = {of: unsettled_since(snapshot) for of, snapshot in self.current.items()}
        self._waited = at
        for environment in list(self.current):
            self._judge(environment, environment, at)
            self._against_baseline(environment, at)

    def take(self, batch: Sequence[Snapshot]) -> None:
        """Environments move on, and whoever is compared with them is judged anew."""
        for snapshot in batch:
            self._move(snapshot)
        moved, at = {snapshot.environment_id for snapshot in batch}, batch[-1].opened_at
        for environment in moved:
            self._judge(environment, environment, at)
        for other in list(self.current) if self.project.baseline_id in moved else moved:
            self._against_baseline(other, at)

    def _move(self, snapshot: Snapshot) -> None:
        """What is unsettled still is so since it first was."""
        of = snapshot.environment_id
        since = self._unsettled.get(of, {})
        self.current[of] = snapshot
        self._unsettled[of] = {name: since.get(name, snapshot.opened_at) for name in unsettled_in(snapshot)}

    def wait(self, until: datetime) -> None:
        """Time passes: judge an environment at the end of the grace of what is unsettled in it."""
        ends = {
            (at + self._grace, of) for of, since in self._unsettled.items() for at in since.values()
        }  # fmt: skip
        for at, of in sorted(ends):
            if (self._waited is None or self._waited < at) and at <= until:
                self._judge(of, of, at)
        self._waited = until

    @property
    def _grace(self) -> timedelta:
        return timedelta(seconds=self.policy.grace_s)

    def openings(self) -> list[Opening]:
        """Every opening of every pair."""
        return [one for replay in self._replays.values() for one in replay.openings]

    def stood(self) -> int:
        """What was there when each pair was first judged."""
        return sum(replay.stood for replay in self._replays.values())

    def _against_baseline(self, left: UUID, at: datetime) -> None:
        baseline = self.project.baseline_id
        if baseline is not None and baseline != left and baseline in self.current:
            self._judge(left, baseline, at)

    def _judge(self, left: UUID, right: UUID, at: datetime) -> None:
        if (left, right) not in self._replays:
            pair = f"{self.environments[left].slug}..{self.environments[right].slug}"
            self._replays[left, right] = Replay(pair, partial(self._identity, left, right))
        self.comparisons += 1
        self._replays[left, right].judge(self._judged(left, right, at), at)

    def _judged(self, left: UUID, right: UUID, at: datetime) -> Judgement:
        if left == right:
            lasting = [name for name, since in self._unsettled.get(left, {}).items() if since + self._grace <= at]
            return inside(self._side(left, at), self.policy, lasting)
        return judge(self._side(left, at), self._side(right, at), self.policy)

    def _identity(self, left: UUID, right: UUID, finding: Finding) -> str:
        return drift_identity(self.project.pk, left, right, *finding.key)

    def _side(self, of: UUID, at: datetime) -> Side:
        environment, snapshot = self.environments[of], self.current[of]
        stale = self._stale(environment, snapshot, at)
        sections = {
            name: Section(name, reason="stale") if name in stale else self._section(name, entry.get("digest"), entry)
            for name, entry in snapshot.sections.items()
        }
        return Side(environment.slug, environment.tier, environment.kind, sections)

    def _section(self, name: str, digest: str | None, entry: Mapping[str, object]) -> Section:
        """Decoded once: most snapshots share most sections."""
        key = f"{name} {digest or entry.get('reason')}"
        if key not in self._sections:
            self._sections[key] = section_of(self.project.pk, name, entry)
        return self._sections[key]

    def _stale(self, environment: Environment, snapshot: Snapshot, at: datetime) -> frozenset[str]:
        """Of the newest snapshot each section's own time is known, of others when anything was last confirmed."""
        after = timedelta(seconds=self.policy.unknown_after_s)
        if environment.latest_id != snapshot.pk:
            return stale_sections(dict.fromkeys(snapshot.sections, snapshot.confirmed_at), now=at, after=after)
        if environment.pk not in self._times:
            self._times[environment.pk] = read_times(environment)
        return stale_sections(self._times[environment.pk], now=at, after=after)
