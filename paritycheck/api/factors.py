"""`GET /api/v1/projects/{project}/factors`: the twelve factors by environment."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes
from paritycheck.api.schema import READ_REFUSALS
from paritycheck.api.shapes import SEVERITIES, ProjectApiView
from paritycheck.core.factors import BROKEN, HOLDS, UNKNOWN, Cell, Factor
from paritycheck.selectors.factors import factor_sheet

VERDICTS = (HOLDS, BROKEN, UNKNOWN)


class FactPlaceSerializer(serializers.Serializer[Any]):
    """A fact by its section and name, as everywhere."""

    section = serializers.CharField()
    name = serializers.CharField()


class FactorCellSerializer(serializers.Serializer[Any]):
    """One factor in one environment. While `not_observed` names anything the factor is not said to hold."""

    environment = serializers.CharField()
    verdict = serializers.ChoiceField(VERDICTS)
    severity = serializers.ChoiceField(SEVERITIES, allow_null=True, help_text="Of a broken one.")
    evidence = serializers.CharField()
    not_observed = serializers.ListField(child=serializers.CharField(), help_text="Halves that no fact shows.")
    waived = serializers.BooleanField(help_text="Whether what would break it is accepted.")
    facts = FactPlaceSerializer(many=True)
    drifts = serializers.ListField(child=serializers.CharField(), help_text="Drifts that it follows from, by id.")


class FactorSerializer(serializers.Serializer[Any]):
    """One of the twelve: broken where any environment breaks it, holding where each is known to hold it."""

    number = serializers.IntegerField()
    numeral = serializers.CharField()
    name = serializers.CharField()
    verdict = serializers.ChoiceField(VERDICTS)
    cells = FactorCellSerializer(many=True)


class FactorsSerializer(serializers.Serializer[Any]):
    """The twelve factors of a project, environments in order of promotion."""

    project = serializers.CharField()
    baseline = serializers.CharField(allow_null=True)
    environments = serializers.ListField(child=serializers.CharField())
    factors = FactorSerializer(many=True)


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "environment": cell.environment,
        "verdict": cell.verdict,
        "severity": cell.severity or None,
        "evidence": cell.evidence,
        "not_observed": list(cell.unobserved),
        "waived": cell.waived,
        "facts": [{"section": section, "name": name} for section, name in cell.facts if section],
        "drifts": list(cell.drifts),
    }


def _factor(factor: Factor) -> dict[str, Any]:
    return {
        "number": factor.number,
        "numeral": factor.numeral,
        "name": factor.name,
        "verdict": factor.verdict,
        "cells": [_cell(cell) for cell in factor.cells],
    }


class FactorsView(ProjectApiView):
    """How each environment keeps the twelve factors."""

    scopes: ClassVar[Scopes] = {"GET": READ}

    @extend_schema(
        operation_id="get_factors",
        summary="The twelve factors by environment",
        responses={200: FactorsSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """Derived from what the agents reported last; nothing of it is stored."""
        del request, project
        found = self.project()
        sheet = factor_sheet(found, timezone.now())
        return Response(
            {
                "project": found.slug,
                "baseline": found.baseline.slug if found.baseline else None,
                "environments": [column.slug for column in sheet.columns],
                "factors": [_factor(factor) for factor in sheet.factors],
            }
        )
