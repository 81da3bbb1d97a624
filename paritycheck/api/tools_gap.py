"""`GET /api/v1/projects/{project}/tools`: how far the environments are from the baseline, by section."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes
from paritycheck.api.schema import READ_REFUSALS
from paritycheck.api.shapes import BANDS, FACT_STATES, SEVERITIES, CountsSerializer, ProjectApiView, counts
from paritycheck.core.facts import SECTIONS
from paritycheck.core.parity import DISTANCES
from paritycheck.selectors.cohorts import Cohort, Spread, Vote
from paritycheck.selectors.endings import STATES, Ending
from paritycheck.selectors.tools_gap import Chapter, Distance, tools_of


class ByDistanceSerializer(serializers.Serializer[Any]):
    """Facts that differ and weigh something, by how far they are apart."""

    patch = serializers.IntegerField()
    minor = serializers.IntegerField()
    major = serializers.IntegerField()
    kind = serializers.IntegerField(help_text="Another kind, or absent on one side.")


class ToolsSectionSerializer(serializers.Serializer[Any]):
    """One section of a pair."""

    section = serializers.ChoiceField(SECTIONS)
    parity = serializers.FloatField(allow_null=True, help_text="Null where nothing of it weighs or is comparable.")
    coverage = serializers.FloatField()
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Facts by relation.")
    open_drifts = CountsSerializer()


class DistanceSerializer(serializers.Serializer[Any]):
    """One environment against the baseline, as the last evaluation of the pair left it."""

    environment = serializers.CharField()
    parity = serializers.FloatField(allow_null=True)
    coverage = serializers.FloatField()
    band = serializers.ChoiceField(BANDS)
    open_drifts = CountsSerializer()
    by_distance = ByDistanceSerializer(allow_null=True, help_text="Null until the pair is next evaluated.")
    sections = ToolsSectionSerializer(many=True)


class EndingPlaceSerializer(serializers.Serializer[Any]):
    """An environment that runs it."""

    environment = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES, allow_null=True)
    drift = serializers.CharField(allow_null=True, help_text="The live drift of rule `end-of-life`, by id.")


class EndingSerializer(serializers.Serializer[Any]):
    """A cycle of a product of which the last day of support is known."""

    section = serializers.ChoiceField(SECTIONS)
    name = serializers.CharField(help_text="A service's kind, a runtime, a system or a package.")
    cycle = serializers.CharField()
    ends = serializers.DateField()
    state = serializers.ChoiceField(STATES)
    source_url = serializers.URLField(help_text="The maker's page that says so.")
    environments = EndingPlaceSerializer(many=True)


class VoteSerializer(serializers.Serializer[Any]):
    """One value, and how many laptops have it."""

    state = serializers.ChoiceField(FACT_STATES)
    kind = serializers.CharField(allow_null=True)
    value = serializers.JSONField(allow_null=True, help_text="A string, or several.")
    reason = serializers.CharField(allow_null=True, help_text="Why it is unknown.")
    laptops = serializers.IntegerField()
    same = serializers.BooleanField(help_text="Whether it is what the baseline has.")


class SpreadSerializer(serializers.Serializer[Any]):
    """A fact that not every laptop has as the policy expects it."""

    section = serializers.ChoiceField(SECTIONS)
    name = serializers.CharField()
    conforming = serializers.IntegerField()
    values = VoteSerializer(many=True)


class CohortSerializer(serializers.Serializer[Any]):
    """The fresh laptops of an environment as one population; none of them is named."""

    environment = serializers.CharField()
    laptops = serializers.IntegerField()
    conforming = serializers.IntegerField(
        allow_null=True, help_text="Those that meet every expectation; null where there are fewer than 3."
    )
    facts = SpreadSerializer(many=True, help_text="Those most often apart first, 50 at most.")


class ToolsSerializer(serializers.Serializer[Any]):
    """The tools gap of a project, environments in order of promotion."""

    project = serializers.CharField()
    baseline = serializers.CharField(allow_null=True)
    environments = DistanceSerializer(many=True)
    support = EndingSerializer(many=True, help_text="What ends first comes first.")
    cohorts = CohortSerializer(many=True)


def _distance(found: Distance) -> dict[str, Any]:
    by_distance = found.by_distance
    return {
        "environment": found.column.slug,
        "parity": found.parity.value,
        "coverage": found.parity.coverage,
        "band": found.band.value,
        "open_drifts": counts(dict(found.drifts)),
        "by_distance": None if by_distance is None else dict(zip(DISTANCES, by_distance, strict=True)),
        "sections": [_section(chapter) for chapter in found.chapters],
    }


def _section(chapter: Chapter) -> dict[str, Any]:
    return {
        "section": chapter.section,
        "parity": chapter.parity.value,
        "coverage": chapter.parity.coverage,
        "counts": dict(chapter.relations),
        "open_drifts": counts(dict(chapter.drifts)),
    }


def _ending(ending: Ending) -> dict[str, Any]:
    return {
        "section": ending.section,
        "name": ending.product,
        "cycle": ending.cycle,
        "ends": ending.ends,
        "state": ending.state,
        "source_url": ending.source,
        "environments": [
            {"environment": place.environment, "severity": place.severity or None, "drift": place.drift or None}
            for place in ending.where
        ],
    }


def _cohort(cohort: Cohort) -> dict[str, Any]:
    return {
        "environment": cohort.environment,
        "laptops": cohort.laptops,
        "conforming": cohort.conforming,
        "facts": [_spread(spread) for spread in cohort.spreads],
    }


def _spread(spread: Spread) -> dict[str, Any]:
    return {
        "section": spread.section,
        "name": spread.name,
        "conforming": spread.conforming,
        "values": [_vote(vote) for vote in spread.votes],
    }


def _vote(vote: Vote) -> dict[str, Any]:
    fact = vote.fact
    several = list(fact.values) if fact.values[1:] else fact.value
    return {
        "state": fact.state.value,
        "kind": fact.kind,
        "value": fact.word("plain") if several is None else several,
        "reason": fact.reason,
        "laptops": vote.laptops,
        "same": vote.same,
    }


class ToolsView(ProjectApiView):
    """How far apart the tools are."""

    scopes: ClassVar[Scopes] = {"GET": READ}

    @extend_schema(
        operation_id="get_tools",
        summary="How far each environment is from the baseline, what nears its end, how laptops are spread",
        responses={200: ToolsSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """Parity and distances as the last evaluations left them; the rest from what was reported last."""
        del request, project
        found = self.project()
        tools = tools_of(found, timezone.now())
        return Response(
            {
                "project": found.slug,
                "baseline": found.baseline.slug if found.baseline else None,
                "environments": [_distance(each) for each in tools.distances],
                "support": [_ending(each) for each in tools.endings],
                "cohorts": [_cohort(each) for each in tools.cohorts],
            }
        )
