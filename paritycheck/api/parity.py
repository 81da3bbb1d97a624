"""`GET /api/v1/projects/{project}/parity`: the three gaps of each pair."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes
from paritycheck.api.schema import READ_REFUSALS
from paritycheck.api.shapes import BANDS, CountsSerializer, ProjectApiView, address_of, counts
from paritycheck.core.bands import tools_band
from paritycheck.core.parity import Parity
from paritycheck.models import Pair
from paritycheck.selectors.projects import compared_pairs, is_pending, live_drifts_by_pair

NOT_MEASURED = {"value": None, "band": "unknown", "coverage": None}


class GapSerializer(serializers.Serializer[Any]):
    """One gap: the time gap's value is the age in seconds of the oldest change that waits, the others are fractions."""

    value = serializers.FloatField(allow_null=True)
    band = serializers.ChoiceField(BANDS)
    coverage = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(required=False, help_text="Why it is unknown.")


class TimeGapSerializer(GapSerializer):
    """The age in seconds of the oldest commit that waits, and what waits."""

    limit_s = serializers.IntegerField(required=False, help_text="The age from which the band is no longer ok.")
    state = serializers.CharField(required=False, help_text="in_sync, behind, ahead or diverged.")
    waiting = serializers.IntegerField(required=False, help_text="Commits of the left side that the right lacks.")
    missing = serializers.IntegerField(required=False, help_text="Commits of the right side that the left lacks.")
    oldest = serializers.CharField(required=False, allow_null=True, help_text="The commit that waits longest.")
    by_commit_date = serializers.BooleanField(required=False, help_text="Its age is by its commit date.")


class GapsSerializer(serializers.Serializer[Any]):
    """The three gaps of Twelve-Factor X."""

    time = TimeGapSerializer()
    personnel = GapSerializer()
    tools = GapSerializer()


class PlaceSerializer(serializers.Serializer[Any]):
    """An environment and the snapshot that was compared."""

    environment = serializers.CharField()
    snapshot = serializers.CharField(allow_null=True)


class PairSerializer(serializers.Serializer[Any]):
    """How far apart two environments are."""

    pair = serializers.CharField()
    left = PlaceSerializer()
    right = PlaceSerializer()
    gaps = GapsSerializer()
    parity = serializers.FloatField(allow_null=True)
    coverage = serializers.FloatField()
    open_drifts = CountsSerializer()
    counts = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()), help_text="Facts by section and relation."
    )
    evaluated_at = serializers.DateTimeField()
    pending = serializers.BooleanField(help_text="Whether another evaluation is due.")
    failed = serializers.BooleanField(help_text="Whether the last evaluations failed; this is the last good state.")


class ParitySerializer(serializers.Serializer[Any]):
    """Every compared pair of a project."""

    project = serializers.CharField()
    baseline = serializers.CharField(allow_null=True)
    pairs = PairSerializer(many=True)
    pending = serializers.BooleanField(help_text="Whether any evaluation of the project is due.")


def pair_document(pair: Pair, drifts: dict[str, int]) -> dict[str, Any]:
    """A pair with its annotations of `compared_pairs`."""
    stand: Any = pair
    tools = Parity(pair.parity, pair.coverage)
    band = tools_band(tools, [severity for severity, count in drifts.items() if count])
    return {
        "pair": f"{pair.left.slug}..{pair.right.slug}",
        "left": {"environment": pair.left.slug, "snapshot": address_of(pair.left, pair.left_snapshot)},
        "right": {"environment": pair.right.slug, "snapshot": address_of(pair.right, pair.right_snapshot)},
        "gaps": {
            "time": {**NOT_MEASURED, **pair.time},
            "personnel": {**NOT_MEASURED, **pair.personnel},
            "tools": {"value": tools.value, "band": band.value, "coverage": tools.coverage},
        },
        "parity": tools.value,
        "coverage": tools.coverage,
        "open_drifts": counts(drifts),
        "counts": pair.counts,
        "evaluated_at": pair.evaluated_at,
        "pending": stand.pending,
        "failed": stand.failed,
    }


class ParityView(ProjectApiView):
    """Where every pair stands."""

    scopes: ClassVar[Scopes] = {"GET": READ}

    @extend_schema(
        operation_id="get_parity",
        summary="The three gaps of each pair",
        responses={200: ParitySerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """The last evaluation of each pair, and whether another one is due."""
        del request, project
        found = self.project()
        drifts = live_drifts_by_pair(found)
        pairs = [pair_document(pair, drifts.get((pair.left_id, pair.right_id), {})) for pair in compared_pairs(found)]
        return Response(
            {
                "project": found.slug,
                "baseline": found.baseline.slug if found.baseline else None,
                "pairs": pairs,
                "pending": is_pending(found),
            }
        )
