"""`GET /api/v1/projects/{project}/personnel`: whether those who write also ship, P1 to P4."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, bad_parameter, nothing_here
from paritycheck.api.schema import READ_REFUSALS
from paritycheck.api.shapes import BANDS, ProjectApiView
from paritycheck.core.addresses import is_slug
from paritycheck.core.bands import Unknown
from paritycheck.core.personnel import ENOUGH_AUTHORS, ENOUGH_DEPLOYS, ENOUGH_KNOWN, OK_TO, WARNING_TO, PersonnelGap
from paritycheck.core.policy import DAY, MODES
from paritycheck.core.teams import Group, Table
from paritycheck.models import Environment, Project
from paritycheck.selectors.people import asking_person
from paritycheck.selectors.personnel import Personnel, personnel_of
from paritycheck.selectors.projects import find_environment

WINDOWS = {"28d": 28 * DAY, "90d": 90 * DAY, "365d": 365 * DAY}
WEEKS = 25


class ShareSerializer(serializers.Serializer[Any]):
    """A share: `part` of `whole`. All null where too few deployed or wrote for it to say nothing of one person."""

    value = serializers.FloatField(allow_null=True)
    part = serializers.IntegerField(allow_null=True)
    whole = serializers.IntegerField(allow_null=True)


class CommitsSerializer(serializers.Serializer[Any]):
    """The human commits that deploys of the window carried, merges left out; what is null cannot be told."""

    all = serializers.IntegerField()
    shipped = serializers.IntegerField(allow_null=True, help_text="By people who took part in a deploy.")
    never = serializers.IntegerField(allow_null=True, help_text="By people who took part in none.")
    undecided = serializers.IntegerField(
        allow_null=True, help_text="By others, in deploys that nobody is known for; left out of the gap."
    )
    bots = serializers.IntegerField(help_text="By bots, left out.")


class NeededSerializer(serializers.Serializer[Any]):
    """What a judgement takes."""

    coverage = serializers.FloatField()
    deploys = serializers.IntegerField()
    authors = serializers.IntegerField()


class LimitsSerializer(serializers.Serializer[Any]):
    """Up to where the band is ok, and up to where it is a warning."""

    ok = serializers.FloatField()
    warning = serializers.FloatField()
    needed = NeededSerializer()


class GroupSerializer(serializers.Serializer[Any]):
    """A team, or several of fewer than three people merged."""

    name = serializers.CharField()
    people = serializers.IntegerField()
    teams = serializers.IntegerField()


class GroupRowSerializer(GroupSerializer):
    """What a group wrote, by the column of whoever deployed it."""

    commits = serializers.IntegerField()
    deployed_by = serializers.ListField(child=serializers.IntegerField())
    unknown = serializers.IntegerField(help_text="In deploys that nobody is known for.")


class TeamsSerializer(serializers.Serializer[Any]):
    """Commits of a team by the team that deployed them; teams in order of name."""

    columns = GroupSerializer(many=True, help_text="Empty where fewer than three people ship.")
    rows = GroupRowSerializer(many=True)
    unknown_deploys = serializers.IntegerField()


class UnreviewedSerializer(serializers.Serializer[Any]):
    """A deploy whose only actor is its only author, and nobody reviewed (mode segregate)."""

    commit = serializers.CharField()
    deployed_at = serializers.DateTimeField()


class YouSerializer(serializers.Serializer[Any]):
    """The person who asks; nobody else is told."""

    commits = serializers.IntegerField()
    deploys = serializers.IntegerField(help_text="Deploys that carried them.")
    took_part = serializers.IntegerField(help_text="Of these, with you as deployer, approver or watcher.")


class PointSerializer(serializers.Serializer[Any]):
    """The gap of the window that ended then."""

    at = serializers.DateTimeField()
    value = serializers.FloatField(allow_null=True)


class PersonnelSerializer(serializers.Serializer[Any]):
    """The personnel gap of one environment."""

    project = serializers.CharField()
    environment = serializers.CharField()
    mode = serializers.ChoiceField(MODES)
    window_s = serializers.IntegerField()
    until = serializers.DateTimeField()
    value = serializers.FloatField(allow_null=True, help_text="P1. 0: who writes also ships. 1: others ship.")
    band = serializers.ChoiceField(BANDS)
    reason = serializers.CharField(required=False, help_text="Why it is unknown.")
    commits = CommitsSerializer()
    uninvolved_deploys = ShareSerializer(help_text="P2: deploys with none of their authors involved.")
    concentration = ShareSerializer(help_text="P3: deploys by whoever deployed most often.")
    coverage = ShareSerializer(help_text="P4: deploys that somebody is known for.")
    unknown_commits = serializers.IntegerField(help_text="Deploys of which nobody knows what they carried.")
    linked_people = serializers.IntegerField(help_text="People of the window whose accounts were linked by hand.")
    limits = LimitsSerializer()
    teams = TeamsSerializer(allow_null=True, help_text="null where fewer than three people wrote.")
    unreviewed = UnreviewedSerializer(many=True)
    you = YouSerializer(allow_null=True)
    trend = PointSerializer(many=True, help_text="Week by week, now last.")


def personnel_document(found: Personnel, person: str | None) -> dict[str, Any]:
    """Everything that the page shows, for the person who asks."""
    gap, you = found.gap, None if person is None else found.you(person)
    return {
        "project": found.environment.project.slug,
        "environment": found.environment.slug,
        "mode": found.mode,
        "window_s": found.window_s,
        "until": found.now,
        **_value(gap),
        **_shares(gap),
        "unknown_commits": gap.counts.opaque,
        "linked_people": found.linked,
        "limits": _limits(),
        "teams": _teams(found.table),
        "unreviewed": [{"commit": one.commit, "deployed_at": one.at} for one in found.unreviewed],
        "you": you and {"commits": you.commits, "deploys": you.deploys, "took_part": you.took_part},
        "trend": [{"at": at, "value": _number(then.value)} for at, then in found.trend(WEEKS)],
    }


def _number(value: float | Unknown) -> float | None:
    return None if isinstance(value, Unknown) else value


def _value(gap: PersonnelGap) -> dict[str, Any]:
    reason = {"reason": gap.value.reason} if isinstance(gap.value, Unknown) else {}
    counts = gap.counts
    parts = ("shipped", "never", "undecided")
    told = {part: getattr(counts, part) if counts.enough else None for part in parts}
    commits = {"all": counts.commits, **told, "bots": counts.bots}
    return {"value": _number(gap.value), "band": gap.band.value, **reason, "commits": commits}


def _shares(gap: PersonnelGap) -> dict[str, Any]:
    counts = gap.counts
    return {
        "uninvolved_deploys": _share(counts.uninvolved_share, counts.uninvolved, counts.judged),
        "concentration": _share(counts.top_share, counts.top, counts.attributed),
        "coverage": _share(_number(gap.coverage), counts.attributed, counts.deploys),
    }


def _share(value: float | None, part: int, whole: int) -> dict[str, Any]:
    return {"value": value, "part": None if value is None else part, "whole": None if value is None else whole}


def _limits() -> dict[str, Any]:
    some, of = ENOUGH_KNOWN
    needed = {"coverage": some / of, "deploys": ENOUGH_DEPLOYS, "authors": ENOUGH_AUTHORS}
    return {"ok": OK_TO, "warning": WARNING_TO, "needed": needed}


def _teams(table: Table | None) -> dict[str, Any] | None:
    if table is None:
        return None
    rows = [
        {**_group(row.group), "commits": row.commits, "deployed_by": list(row.cells), "unknown": row.unknown}
        for row in table.rows
    ]
    return {"columns": [_group(one) for one in table.columns], "rows": rows, "unknown_deploys": table.unknown_deploys}


def _group(group: Group) -> dict[str, Any]:
    return {"name": group.name, "people": group.people, "teams": group.teams}


class PersonnelView(ProjectApiView):
    """Whether those who write also ship."""

    scopes: ClassVar[Scopes] = {"GET": READ}
    parameters = frozenset({"environment", "window"})

    @extend_schema(
        operation_id="get_personnel",
        summary="Do those who write also ship?",
        parameters=[
            OpenApiParameter("environment", str, description="The baseline when left out."),
            OpenApiParameter("window", enum=list(WINDOWS), description="The policy's when left out."),
        ],
        responses={200: PersonnelSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """P1 to P4, who writes and who ships by team, and what concerns the person who asks."""
        del project
        query = request.query_params
        window = query.get("window")
        if window is not None and window not in WINDOWS:
            raise bad_parameter(f"window is one of {', '.join(WINDOWS)}")
        environment = self._asked(self.project(), query.get("environment"))
        window_s = WINDOWS[window] if window else 0
        found = personnel_of(environment, timezone.now(), window_s=window_s, weeks=WEEKS)
        return Response(personnel_document(found, asking_person(found.known, self.token.user)))

    @staticmethod
    def _asked(project: Project, slug: str | None) -> Environment:
        if slug is not None and not is_slug(slug):
            raise bad_parameter("environment is the name of an environment")
        found = find_environment(project, slug) if slug is not None else project.baseline
        if found is None:
            raise nothing_here()
        return found
