"""`GET /api/v1/projects/{project}/time`: what waits between two environments, how long, and how that went."""

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
from paritycheck.core.graph import LagState
from paritycheck.selectors.projects import find_environment
from paritycheck.selectors.timeline import MOST_POINTS, MOST_WAITING, timeline
from paritycheck.services.pairs import policy_of

LAG_STATES = (*(state.value for state in LagState), "unknown")


class LagSerializer(serializers.Serializer[Any]):
    """What waits: commits that the left side has and the right lacks, and the reverse."""

    state = serializers.ChoiceField(LAG_STATES)
    waiting = serializers.IntegerField(allow_null=True)
    missing = serializers.IntegerField(allow_null=True)
    age_s = serializers.FloatField(allow_null=True, help_text="Age of the oldest commit that waits.")
    reason = serializers.CharField(required=False, help_text="Why something is not known.")


class LagNowSerializer(LagSerializer):
    """What waits now."""

    band = serializers.ChoiceField(BANDS)
    limit_s = serializers.IntegerField(help_text="The age from which the band is no longer ok.")
    oldest = serializers.CharField(required=False, allow_null=True)
    by_commit_date = serializers.BooleanField(required=False)


class LagPointSerializer(LagSerializer):
    """What waited right after a deploy of either side."""

    at = serializers.DateTimeField()
    environment = serializers.CharField(help_text="Whose deploy it was.")
    commit = serializers.CharField()
    age_before_s = serializers.FloatField(allow_null=True, help_text="The age right before the deploy.")


class WaitingCommitSerializer(serializers.Serializer[Any]):
    """A commit that waits."""

    sha = serializers.CharField()
    author = serializers.CharField()
    co_authors = serializers.ListField(child=serializers.CharField())
    subject = serializers.CharField()
    committed_at = serializers.DateTimeField()
    since = serializers.DateTimeField(allow_null=True, help_text="When the left side first ran it.")
    by_commit_date = serializers.BooleanField(help_text="Its first report held it: it counts from its commit date.")


class LeadTimeBarSerializer(serializers.Serializer[Any]):
    """Commits whose lead time is below this and not below the bar before."""

    below_s = serializers.FloatField(allow_null=True, help_text="Null for the last bar, which has no end.")
    commits = serializers.IntegerField()


class LeadTimeSerializer(serializers.Serializer[Any]):
    """From commit to deploy, of the commits first deployed in the last 28 days."""

    p50_s = serializers.FloatField(allow_null=True)
    p90_s = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(required=False)
    commits = serializers.IntegerField()
    older = serializers.IntegerField(help_text="Left out: made before the first recorded deploy.")
    undecided = serializers.IntegerField(
        help_text="Left out: an earlier deploy of an unknown commit may have had it, or nobody looked for the scope."
    )
    skewed = serializers.IntegerField(help_text="Counted as 0: committed after the deploy, by the committer's clock.")
    bars = LeadTimeBarSerializer(many=True, help_text="How they are spread, the shortest first; none while unknown.")


class IntervalSerializer(serializers.Serializer[Any]):
    """Between two deploys."""

    median_s = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(required=False)


class RhythmSerializer(serializers.Serializer[Any]):
    """How often an environment is deployed, and how long commits take to it."""

    environment = serializers.CharField()
    deploys = serializers.IntegerField(help_text="Successful ones that are recorded.")
    lead_time = LeadTimeSerializer()
    interval = IntervalSerializer()
    since_last_s = serializers.FloatField(allow_null=True)


class TimelineSerializer(serializers.Serializer[Any]):
    """The time gap of a pair."""

    pair = serializers.CharField()
    scope = serializers.CharField(
        allow_null=True, help_text="Only commits that touch this part of the repository count."
    )
    scopes = serializers.ListField(child=serializers.CharField(), help_text="Those that the policy names.")
    now = LagNowSerializer()
    series = LagPointSerializer(many=True, help_text=f"Of 90 days, the newest {MOST_POINTS} at most, oldest first.")
    waiting = WaitingCommitSerializer(many=True, help_text=f"The longest waiting first, {MOST_WAITING} at most.")
    environments = RhythmSerializer(many=True)


class TimeView(ProjectApiView):
    """The time gap."""

    scopes: ClassVar[Scopes] = {"GET": READ}
    parameters = frozenset({"pair", "scope"})

    @extend_schema(
        operation_id="get_time",
        summary="What waits, how long, and how that went",
        parameters=[
            OpenApiParameter("pair", str, required=True, description="Such as `staging..production`."),
            OpenApiParameter("scope", str, description="A path scope of the policy; all paths when left out."),
        ],
        responses={200: TimelineSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """Of a pair of two environments, the first before the second on the way to users."""
        del project
        first, _, second = request.query_params.get("pair", "").partition("..")
        if not (is_slug(first) and is_slug(second)) or first == second:
            raise bad_parameter("pair is two environments, such as staging..production")
        found = self.project()
        left, right = find_environment(found, first), find_environment(found, second)
        if left is None or right is None:
            raise nothing_here()
        policy, scope = policy_of(left), request.query_params.get("scope") or None
        if scope is not None and scope not in policy.scopes:
            raise bad_parameter("scope is a name of [scopes] in the policy")
        told = timeline(left=left, right=right, policy=policy, now=timezone.now(), scope=scope)
        about = {"pair": f"{first}..{second}", "scope": scope, "scopes": sorted(policy.scopes)}
        return Response(TimelineSerializer({**about, **told}).data)
