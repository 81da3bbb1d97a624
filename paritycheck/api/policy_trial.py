"""`.../policy/preview` and `.../policy/backtest`: what a text would do now, and what it would have done."""

from dataclasses import asdict
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes
from paritycheck.api.body import WireCall, taken
from paritycheck.api.policy import BODY_BYTES, read_change
from paritycheck.api.schema import GONE, REFUSALS
from paritycheck.api.shapes import SEVERITIES, ProjectApiView
from paritycheck.core.backtest import by_rule
from paritycheck.models import Project
from paritycheck.services.backtest import backtest_policy
from paritycheck.services.preview import preview_policy
from paritycheck_agent.wire.errors import Invalid

MOST = 200
DAYS, MOST_DAYS = 30, 90


class TextSerializer(serializers.Serializer[Any]):
    """The text to try; the one in force where it is left out."""

    text = serializers.CharField(required=False, allow_blank=True)


class BacktestAskedSerializer(TextSerializer):
    """The text to try, and over how long."""

    days = serializers.IntegerField(required=False, min_value=1, max_value=MOST_DAYS, default=DAYS)


class TotalsSerializer(serializers.Serializer[Any]):
    """How many drifts would take which step."""

    opens = serializers.IntegerField()
    changes = serializers.IntegerField()
    resolves = serializers.IntegerField()
    stays = serializers.IntegerField()


class TriedSerializer(serializers.Serializer[Any]):
    """A drift that would be, as every trial tells it."""

    pair = serializers.CharField()
    section = serializers.CharField()
    name = serializers.CharField()
    rule = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES)


class MoveSerializer(TriedSerializer):
    """One drift that would move."""

    what = serializers.ChoiceField(("opens", "changes", "resolves"))
    drift = serializers.CharField(help_text="The identity that the drift has or would get.")


class PreviewSerializer(serializers.Serializer[Any]):
    """What would move if the text were in force now; `moves` holds at most 200, `totals` counts all."""

    totals = TotalsSerializer()
    moves = MoveSerializer(many=True)
    pairs = serializers.IntegerField()
    left_out = serializers.IntegerField(help_text="Environments beyond the first 100, which were not judged.")


class RuleSerializer(serializers.Serializer[Any]):
    """How often one rule of a section opened."""

    section = serializers.CharField()
    rule = serializers.CharField()
    opened = serializers.IntegerField()
    gone_within_an_hour = serializers.IntegerField()


class OpeningSerializer(TriedSerializer):
    """One time that a drift would have opened."""

    opened_at = serializers.DateTimeField()
    gone_at = serializers.DateTimeField(allow_null=True)


class BacktestSerializer(serializers.Serializer[Any]):
    """What would have opened since `since`; `openings` holds the newest 200, the counts are of all."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    complete = serializers.BooleanField(help_text="False where the bound on work made `since` later than asked for.")
    snapshots = serializers.IntegerField()
    comparisons = serializers.IntegerField()
    opened = serializers.IntegerField()
    gone_within_an_hour = serializers.IntegerField()
    stood = serializers.IntegerField(help_text="Drifts that were there at the beginning.")
    rules = RuleSerializer(many=True)
    openings = OpeningSerializer(many=True)


def text_in_force(project: Project) -> str:
    """Empty for the shipped expectations."""
    return project.policy.text if project.policy else ""


class PolicyPreviewView(ProjectApiView):
    """What a text would move."""

    scopes: ClassVar[Scopes] = {"POST": READ}
    wire = WireCall("POST", "application/json", BODY_BYTES, spends=True)

    @extend_schema(
        operation_id="preview_policy",
        summary="What would this policy open and resolve now?",
        request=TextSerializer,
        responses={200: PreviewSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str) -> Response:
        """Judge what is known now; nothing is written."""
        del project
        found = self.project()
        asked = read_change(taken(request).decoded, frozenset({"text"}))
        preview = preview_policy(project=found, text=asked.get("text", text_in_force(found)), now=timezone.now())
        shown = ("what", "pair", "section", "name", "rule", "severity", "drift")
        moves = [{name: getattr(move, name) for name in shown} for move in preview.moves[:MOST]]
        return Response(
            {"totals": preview.totals, "moves": moves, "pairs": preview.pairs, "left_out": preview.left_out}
        )


class PolicyBacktestView(ProjectApiView):
    """What a text would have opened."""

    scopes: ClassVar[Scopes] = {"POST": READ}
    wire = WireCall("POST", "application/json", BODY_BYTES, spends=True)

    @extend_schema(
        operation_id="backtest_policy",
        summary="What would this policy have opened?",
        request=BacktestAskedSerializer,
        responses={200: BacktestSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str) -> Response:
        """Replay stored snapshots; nothing is written."""
        del project
        found = self.project()
        asked = read_change(taken(request).decoded, frozenset({"text", "days"}))
        days = asked.get("days", DAYS)
        if not 1 <= days <= MOST_DAYS:
            detail = f"days is a number from 1 to {MOST_DAYS}"
            place = {"pointer": "/days", "code": "bad-policy", "detail": detail}
            raise Invalid("bad-policy", detail, status=422, errors=[place])
        text = asked.get("text", text_in_force(found))
        past = backtest_policy(project=found, text=text, days=days, now=timezone.now())
        return Response(
            {
                "since": past.since,
                "until": past.until,
                "complete": past.complete,
                "snapshots": past.snapshots,
                "comparisons": past.comparisons,
                "opened": len(past.openings),
                "gone_within_an_hour": past.short,
                "stood": past.stood,
                "rules": [
                    {"section": one.section, "rule": one.rule, "opened": one.opened, "gone_within_an_hour": one.short}
                    for one in by_rule(past.openings)
                ],
                "openings": [asdict(one) for one in past.openings[::-1][:MOST]],
            }
        )
