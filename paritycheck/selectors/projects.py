"""Projects and their environments as a token or a person may see them."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from paritycheck.models import Drift, Environment, Instance, Job, Pair, Project, Token, User
from paritycheck.models.drifts import DriftState
from paritycheck.models.jobs import JobState
from paritycheck.models.tokens import TokenKind
from paritycheck.selectors.access import projects_of

Asking = Token | User | AnonymousUser


def visible_projects(asking: Asking) -> QuerySet[Project]:
    """A person's projects; of a gate token the one it belongs to; of any other machine none."""
    if not isinstance(asking, Token):
        return projects_of(asking)
    if asking.user is not None:
        return projects_of(asking.user)
    if asking.kind == TokenKind.GATE and asking.project_id is not None:
        return Project.objects.filter(pk=asking.project_id)
    return Project.objects.none()


def find_project(asking: Asking, slug: str) -> Project | None:
    """One of them, with its baseline and policy; None for a foreign one as for a missing one."""
    rows = visible_projects(asking).select_related("baseline__latest", "policy")
    return rows.filter(slug=slug).first()


def environments_of(project: Project) -> QuerySet[Environment]:
    """The environments of a project that the caller was given by `find_project`."""
    return project.environments.select_related("latest").annotate(
        instance_count=Count("instances", filter=Q(instances__retired_at=None)),
        last_seen=Max("instances__last_seen"),
    )


def find_environment(project: Project, slug: str) -> Environment | None:
    """One of the project's environments."""
    return project.environments.select_related("latest", "project").filter(slug=slug).first()


def instances_of(environment: Environment) -> list[Instance]:
    """Its instances, those that still count first, each by the newest sign of life."""
    rows = environment.instances.order_by("-last_seen", "key")
    return sorted(rows, key=lambda row: row.retired_at is not None)


def live_drifts(projects: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """Open drifts by project and severity."""
    counts: dict[UUID, dict[str, int]] = {}
    open_ones = Drift.objects.filter(project__in=list(projects), state=DriftState.OPEN)
    for row in open_ones.values("project_id", "severity").annotate(count=Count("id")):
        counts.setdefault(row["project_id"], {})[row["severity"]] = row["count"]
    return counts


def live_drifts_by_pair(project: Project) -> dict[tuple[UUID, UUID], dict[str, int]]:
    """Open drifts of a project by left and right environment and severity."""
    counts: dict[tuple[UUID, UUID], dict[str, int]] = {}
    open_ones = project.drifts.filter(state=DriftState.OPEN)
    for row in open_ones.values("left_id", "right_id", "severity").annotate(count=Count("id")):
        counts.setdefault((row["left_id"], row["right_id"]), {})[row["severity"]] = row["count"]
    return counts


def is_pending(project: Project) -> bool:
    """Whether an evaluation of any of its environments is due by PostgreSQL's clock."""
    return Job.objects.filter(project=project, state=JobState.DUE, due_at__lte=Now()).exists()


def compared_pairs(project: Project) -> QuerySet[Pair]:
    """Pairs of two environments, by slug; `pending` and `failed` say how their evaluation stands."""
    due = Job.objects.filter(Q(environment=OuterRef("left_id")) | Q(environment=OuterRef("right_id")))
    return (
        project.pairs.exclude(left=F("right"))
        .select_related("left", "right", "left_snapshot", "right_snapshot")
        .annotate(
            pending=Exists(due.filter(state=JobState.DUE, due_at__lte=Now())),
            failed=Exists(due.filter(state=JobState.DEAD)),
        )
        .order_by("left__slug", "right__slug")
    )
