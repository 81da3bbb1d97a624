"""Deploys of a project that the caller was given by `find_project`, and what they tell of its environments."""

from datetime import datetime

from django.db.models import F, OuterRef, QuerySet, Subquery

from paritycheck.codec.scopes import name_of
from paritycheck.core import timegap
from paritycheck.core.graph import CommitGraph
from paritycheck.models import Commit, Deploy, Environment, Project
from paritycheck.models.deploys import DeployStatus


def deploys_of(project: Project, *, environment: str | None = None, since: datetime | None = None) -> QuerySet[Deploy]:
    """A project's deploys, with their environment and `previous`: the commit of the success before each, else None."""
    before = Deploy.objects.filter(environment=OuterRef("environment"), status=DeployStatus.SUCCESS)
    before = before.filter(deployed_at__lt=OuterRef("deployed_at")).order_by("-deployed_at")
    rows = project.deploys.select_related("environment").annotate(previous=Subquery(before.values("commit")[:1]))
    if environment is not None:
        rows = rows.filter(environment__slug=environment)
    return rows if since is None else rows.filter(deployed_at__gte=since)


def runs_of(environment: Environment) -> list[timegap.Deploy]:
    """What an environment ran and since when, oldest first: its successful deploys, and the snapshots of a time, or of
    a commit, that no record tells of.
    """
    records = Deploy.objects.filter(environment=environment, status=DeployStatus.SUCCESS)
    rows = list(records.values_list("deployed_at", "commit", "created_at"))
    told = [(at, commit) for at, commit, _ in rows]
    first = min((kept for _, _, kept in rows), default=None)
    known = {commit for _, commit in told}
    snapshots = environment.snapshots.exclude(commit="").order_by("number").values_list("opened_at", "commit")
    shown = [(at, commit) for at, commit in snapshots if first is None or at < first or commit not in known]
    return _changes(sorted(told + shown))


def _changes(moments: list[tuple[datetime, str]]) -> list[timegap.Deploy]:
    """Without those that run what ran already; of an unknown commit no more is known than that there was one."""
    runs: list[timegap.Deploy] = []
    for at, commit in moments:
        if commit and (not runs or runs[-1].commit != commit):
            runs.append(timegap.Deploy(at, commit))
    return runs


def deploys_told(environment: Environment) -> list[timegap.Deploy]:
    """Its successful deploys as records tell of them, also those of no known commit."""
    rows = Deploy.objects.filter(environment=environment, status=DeployStatus.SUCCESS)
    return [
        timegap.Deploy(at, commit) for at, commit in rows.order_by("deployed_at").values_list("deployed_at", "commit")
    ]


def commit_graph(project: Project, label: str | None = None) -> tuple[CommitGraph, dict[str, datetime]]:
    """Every commit of the project that is known, and when each was committed. With the label of a path scope
    (`codec/scopes.py`) those count that touch it, and of those that nobody looked at for it that is not known.
    """
    rows = Commit.objects.filter(project=project)
    parents: dict[str, tuple[str, ...]] = {}
    committed: dict[str, datetime] = {}
    for sha, of, at in rows.values_list("sha", "parents", "committed_at"):
        parents[sha], committed[sha] = tuple(of), at
    if label is None:
        return CommitGraph(parents), committed
    read = rows.filter(looked_for__contains=[label])
    touching = frozenset(read.filter(scopes__contains=[name_of(label)]).values_list("sha", flat=True))
    unread = frozenset(parents) - frozenset(read.values_list("sha", flat=True))
    return CommitGraph(parents, touching, unread), committed


def commits_named(project: Project, shas: list[str]) -> dict[str, Commit]:
    """Commits of the project by hash."""
    rows = Commit.objects.filter(project=project, sha__in=shas).order_by(F("committed_at"))
    return {row.sha: row for row in rows}
