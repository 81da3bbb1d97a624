"""Drifts in sentences, with the fact's name set as code. The words themselves are `core.sentences`'."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from paritycheck.core.consequences import consequence
from paritycheck.core.labels import capital
from paritycheck.core.plain import plain
from paritycheck.core.sentences import Subject, brief, sentence, view
from paritycheck.models import Drift, DriftEvent
from paritycheck.services import telling
from paritycheck.web.facts import name_parts

CHANGE = "this change"


def subject_of(drift: Drift, shown: Drift | DriftEvent | None = None) -> Subject:
    """A drift as the core speaks of it, with the sides of one of its events where `shown` is one."""
    told = telling.subject_of(drift, shown or drift)
    return replace(told, name=plain(name_parts(drift.section, drift.name)[1]))


def finding_subject(finding: Mapping[str, Any], left: str, right: str) -> Subject:
    """A finding of a gate's document; its sides do not say whose they are."""
    one, other = (_side(finding, side, slug) for side, slug in (("left", left), ("right", right)))
    section, name = str(finding["section"]), str(finding["name"])
    return Subject(
        section,
        plain(name_parts(section, name)[1]),
        str(finding["rule"]),
        finding.get("distance"),
        str(finding.get("expectation", "")),
        view(one),
        view(other),
    )


def _side(finding: Mapping[str, Any], side: str, slug: str) -> dict[str, Any]:
    return {"state": _state(finding[side]), **finding[side], "environment": slug}


def _state(side: Mapping[str, Any]) -> str:
    return "present" if side.get("value") is not None or side.get("kind") else "absent"


def title(subject: Subject) -> str:
    """The drift as a title."""
    told = capital(sentence(subject))
    return told[:1].upper() + told[1:] if told.startswith(CHANGE) else told


def marked(subject: Subject) -> SafeString:
    """The same with the fact's name as code; every part is escaped."""
    before, name, after = title(subject).partition(subject.name)
    return format_html("{}<code>{}</code>{}", before, name, after) if name else format_html("{}", before)


__all__ = ["brief", "consequence", "finding_subject", "marked", "subject_of", "title"]
