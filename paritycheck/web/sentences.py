"""Drifts in sentences, with the fact's name set as code. The words themselves are `core.sentences`'."""

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from paritycheck.core.labels import capital
from paritycheck.core.plain import plain
from paritycheck.core.sentences import Subject, brief, consequence, sentence, view
from paritycheck.models import Drift
from paritycheck.web.facts import name_parts


def subject_of(drift: Drift) -> Subject:
    """A stored drift as the core speaks of it."""
    return _subject(drift.section, drift.name, drift.rule, drift.distance, drift.expectation, drift)


def _subject(
    section: str, name: str, rule: str, distance: int | None, expectation: str, sides: Drift | Mapping[str, Any]
) -> Subject:
    left, right = (sides.left_side, sides.right_side) if isinstance(sides, Drift) else (sides["left"], sides["right"])
    shown = plain(name_parts(section, name)[1])
    return Subject(section, shown, rule, distance, expectation, view(left), view(right))


def finding_subject(finding: Mapping[str, Any], left: str, right: str) -> Subject:
    """A finding of a gate's document; its sides do not say whose they are."""
    sides = {
        "left": {"state": _state(finding["left"]), **finding["left"], "environment": left},
        "right": {"state": _state(finding["right"]), **finding["right"], "environment": right},
    }
    told = str(finding.get("expectation", ""))
    return _subject(
        str(finding["section"]), str(finding["name"]), str(finding["rule"]), finding.get("distance"), told, sides
    )


def _state(side: Mapping[str, Any]) -> str:
    return "present" if side.get("value") is not None or side.get("kind") else "absent"


def title(subject: Subject) -> str:
    """The drift as a title."""
    return capital(sentence(subject))


def marked(subject: Subject) -> SafeString:
    """The same with the fact's name as code; every part is escaped."""
    before, name, after = title(subject).partition(subject.name)
    return format_html("{}<code>{}</code>{}", before, name, after) if name else format_html("{}", before)


__all__ = ["brief", "consequence", "finding_subject", "marked", "subject_of", "title"]
