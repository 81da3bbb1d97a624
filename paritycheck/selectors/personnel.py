"""The personnel gap of an environment, from the deploys and commits that are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from paritycheck.core.bands import Band
from paritycheck.core.graph import CommitGraph
from paritycheck.core.personnel import Authors, PersonnelGap, Shipment, personnel_gap, unreviewed, window_of
from paritycheck.core.policy import Policy
from paritycheck.core.shipping import change_sets
from paritycheck.core.teams import Step, Table, closing_step, table_of
from paritycheck.models import Commit, Deploy, Environment
from paritycheck.models.deploys import DeployStatus
from paritycheck.selectors.people import Known, known_people
from paritycheck.selectors.policies import policy_of

WEEK_S = 7 * 86_400
_FIELDS = ("sha", "parents", "author_name", "author_key", "author_bot", "co_authors")


@dataclass(frozen=True, slots=True)
class You:
    """The person who asks: their commits in the window, the deploys that carried them, and how many of these they took
    part in.
    """

    commits: int
    deploys: int
    took_part: int


@dataclass(frozen=True)
class Personnel:
    """Everything about one environment in the window that ends at `now`. `history` reaches back as far as was asked."""

    environment: Environment
    mode: str
    now: datetime
    window_s: int
    history: Sequence[Shipment] = field(repr=False)
    writers: Mapping[str, Authors] = field(repr=False)
    known: Known = field(repr=False)

    @cached_property
    def shipments(self) -> list[Shipment]:
        """Those of the window."""
        return window_of(self.history, self.now, self.window_s)

    @cached_property
    def gap(self) -> PersonnelGap:
        return self.gap_at(self.now)

    def gap_at(self, moment: datetime) -> PersonnelGap:
        """As it was then, as far back as the history reaches."""
        shipments = window_of(self.history, moment, self.window_s)
        ever = any(one.at <= moment for one in self.history) or self._earlier
        return personnel_gap(shipments, self.writers, mode=self.mode, ever=ever)

    @cached_property
    def _earlier(self) -> bool:
        """Whether something was deployed before what was read."""
        return bool(self.history) and not self.history[0].first

    @cached_property
    def table(self) -> Table | None:
        return None if self.mode == "off" else table_of(self.shipments, self.writers, self.known.teams)

    @cached_property
    def step(self) -> Step | None:
        """What would narrow a gap that is not ok."""
        if self.table is None or self.gap.band not in {Band.WARNING, Band.ERROR}:
            return None
        return closing_step(self.shipments, self.writers, self.table)

    @cached_property
    def unreviewed(self) -> list[Shipment]:
        """The findings of mode `segregate`."""
        return unreviewed(self.shipments, self.writers) if self.mode == "segregate" else []

    @cached_property
    def linked(self) -> int:
        """How many of the people of the window were linked by hand from several accounts."""
        seen = {person for one in self.shipments for person in one.humans}
        seen |= {person for one in self.shipments for sha in one.carried or () for person in self.writers.get(sha, ())}
        return len(seen & set(self.known.links.values()))

    def trend(self, weeks: int) -> list[tuple[datetime, PersonnelGap]]:
        """The gap at the end of each of the last weeks, today last."""
        moments = [self.now - timedelta(seconds=WEEK_S * back) for back in range(weeks, -1, -1)]
        return [(moment, self.gap_at(moment)) for moment in moments]

    def you(self, person: str) -> You:
        """What concerns the person who asks, and nobody else."""
        mine = {sha for one in self.shipments for sha in one.carried or () if person in self.writers.get(sha, ())}
        reached = [one for one in self.shipments if one.carried and mine & one.carried]
        return You(len(mine), len(reached), sum(person in one.involved for one in reached))

    def next_change(self) -> timedelta | None:
        """After which time a deploy leaves the window."""
        oldest = min((one.at for one in self.shipments), default=None)
        return None if oldest is None else oldest + timedelta(seconds=self.window_s) - self.now


def personnel_of(
    environment: Environment, now: datetime, *, policy: Policy | None = None, window_s: int = 0, weeks: int = 0
) -> Personnel:
    """The gap of an environment of a project that the caller was given; `weeks` more of history for its trend. Two
    queries where nothing was deployed.
    """
    policy = policy_of(environment.project) if policy is None else policy
    length = window_s or policy.window_s
    mode = policy.personnel_mode(environment.slug, environment.tier)
    known = known_people(environment.project)
    deploys = _deploys(environment, now, length + weeks * WEEK_S)
    history, writers = _shipments(environment, deploys, known) if deploys else ([], {})
    return Personnel(environment, mode, now, length, history, writers, known)


def _deploys(environment: Environment, now: datetime, length_s: int) -> list[Deploy]:
    """The successful ones of this length of time, oldest first, and the one before, which tells what they carried."""
    successes = Deploy.objects.filter(environment=environment, status=DeployStatus.SUCCESS, deployed_at__lte=now)
    since = _before(now, length_s)
    inside = list(successes.filter(deployed_at__gt=since).order_by("deployed_at", "created_at", "id"))
    before = successes.filter(deployed_at__lte=since).order_by("-deployed_at", "-created_at", "-id").first()
    return [before, *inside] if before is not None else inside


def _before(now: datetime, length_s: int) -> datetime:
    try:
        return now - timedelta(seconds=length_s)
    except OverflowError:
        return datetime.min.replace(tzinfo=now.tzinfo)


def _shipments(
    environment: Environment, deploys: list[Deploy], known: Known
) -> tuple[list[Shipment], dict[str, Authors]]:
    commits = list(Commit.objects.filter(project_id=environment.project_id).only(*_FIELDS))
    graph = CommitGraph({one.sha: tuple(one.parents) for one in commits})
    carried = change_sets(graph, [one.commit for one in deploys])
    first = _first_of(environment)
    history = [
        Shipment(deploy.deployed_at, shas, known.actors(deploy), deploy.pk == first, deploy.commit)
        for deploy, shas in zip(deploys, carried, strict=True)
    ]
    wanted = frozenset[str]().union(*(shas for shas in carried if shas))
    return history, {one.sha: known.authors(one) for one in commits if one.sha in wanted}


def _first_of(environment: Environment) -> object:
    successes = Deploy.objects.filter(environment=environment, status=DeployStatus.SUCCESS)
    return successes.order_by("deployed_at", "created_at", "id").values_list("pk", flat=True).first()
