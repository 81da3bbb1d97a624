"""Rows as the core speaks of them, and the links that messages carry."""

from django.conf import settings

from paritycheck.core.sentences import Subject, view
from paritycheck.models import Drift, DriftEvent

SHOWN_DIGITS = 10


def subject_of(drift: Drift, shown: Drift | DriftEvent) -> Subject:
    """The drift as sentences need it, with the sides that `shown` (itself or an event of it) keeps."""
    return Subject(
        section=drift.section,
        name=drift.name,
        rule=drift.rule,
        distance=drift.distance,
        expectation=drift.expectation,
        left=view(shown.left_side),
        right=view(shown.right_side),
    )


def project_link(slug: str) -> str:
    """The project's page."""
    return f"{settings.PUBLIC_URL}/p/{slug}"


def drift_link(slug: str, identity: str) -> str:
    """A drift's page."""
    return f"{project_link(slug)}/d/{identity[:SHOWN_DIGITS]}"
