"""`GET /api/v1/projects/{project}/card`: a project in short, for catalogues such as Backstage."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes
from paritycheck.api.parity import NOT_MEASURED, GapsSerializer, pair_document
from paritycheck.api.schema import READ_REFUSALS
from paritycheck.api.shapes import BANDS, CountsSerializer, ProjectApiView, counts, page_url
from paritycheck.models import Project
from paritycheck.selectors.badges import headline_of
from paritycheck.selectors.projects import live_drifts, live_drifts_by_pair

NOTHING = {"gaps": dict.fromkeys(("time", "personnel", "tools"), NOT_MEASURED), "parity": None, "coverage": None}


class CardSerializer(serializers.Serializer[Any]):
    """The three gaps of the pair next to the baseline, and what is open in the whole project."""

    project = serializers.CharField()
    pair = serializers.CharField(allow_null=True, help_text="Null while nothing was compared.")
    gaps = GapsSerializer()
    parity = serializers.FloatField(allow_null=True)
    coverage = serializers.FloatField(allow_null=True)
    band = serializers.ChoiceField(BANDS, help_text="That of the tools gap, as the badge has it.")
    open_drifts = CountsSerializer()
    url = serializers.URLField(help_text="The project's page.")
    updated_at = serializers.DateTimeField(allow_null=True, help_text="When the pair was evaluated last.")


def card_document(project: Project) -> dict[str, Any]:
    """A project in short."""
    pair = headline_of(project)
    said: dict[str, Any] = dict(NOTHING)
    if pair is not None:
        said = pair_document(pair, live_drifts_by_pair(project).get((pair.left_id, pair.right_id), {}))
    return {
        "project": project.slug,
        "pair": said.get("pair"),
        "gaps": said["gaps"],
        "parity": said["parity"],
        "coverage": said["coverage"],
        "band": said["gaps"]["tools"]["band"],
        "open_drifts": counts(live_drifts([project.pk]).get(project.pk, {})),
        "url": page_url(project),
        "updated_at": said.get("evaluated_at"),
    }


class CardView(ProjectApiView):
    """For a catalogue's page of a service."""

    scopes: ClassVar[Scopes] = {"GET": READ}

    @extend_schema(
        operation_id="get_card", summary="A project in short", responses={200: CardSerializer, **READ_REFUSALS}
    )
    def get(self, request: Request, project: str) -> Response:
        """Value, band and coverage of each gap, parity, open drifts by severity, where to look, and how old it is."""
        del request, project
        return Response(card_document(self.project()))
