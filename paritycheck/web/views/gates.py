"""Gate verdicts: the list, and one with what it introduces, fixes and leaves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from paritycheck.core.labels import counted
from paritycheck.models import Project, Verdict
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.verdicts import verdict_of, verdicts_of
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.evidence import Source, sources_of
from paritycheck.web.facts import name_parts, reason_words
from paritycheck.web.sentences import CHANGE, consequence, finding_subject, marked
from paritycheck.web.visible import visible

LOOKS = {
    "pass": ("shield-check", "pass", "ok"),
    "fail": ("shield-x", "fail", "error"),
    "unknown": ("shield-question-mark", "unknown", "unknown"),
}
BASES = {
    "default-branch": "the default branch",
    "merge-base": "the merge-base",
    "none": "none known, everything counts as introduced",
    "": "none known, everything counts as introduced",
}
MOST_REMAINING = 200


@dataclass(frozen=True, slots=True)
class Found:
    """One drift of a verdict, as one line and where it stands."""

    severity: str
    sentence: SafeString
    sources: tuple[Source, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the gate could not judge."""

    section: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """One verdict in the list."""

    verdict: Verdict
    icon: str
    look: str
    band: str
    commit: str
    branch: str
    told: str


def _found(document: dict[str, Any], list_name: str, against: str) -> list[Found]:
    findings = document.get(list_name) or []
    return [_one(finding, against) for finding in findings[:MOST_REMAINING]]


def _one(finding: dict[str, Any], against: str) -> Found:
    subject = finding_subject(finding, CHANGE, against)
    sources = finding.get("left", {}).get("sources", ())
    return Found(str(finding["severity"]), marked(subject), sources_of(sources), consequence(subject))


def _unknown(document: dict[str, Any]) -> list[Gap]:
    return [
        Gap(str(each.get("section", "")), visible(name_parts(str(each.get("section")), str(each.get("name", "")))[1]),
            reason_words(each.get("reason")))
        for each in (document.get("unknown") or [])[:MOST_REMAINING]
    ]  # fmt: skip


def _counts(document: dict[str, Any], list_name: str) -> str:
    findings = document.get(list_name) or []
    return counted(
        {
            severity: sum(each.get("severity") == severity for each in findings)
            for severity in ("error", "warning", "note")
        }
    )


def headline(document: dict[str, Any], against: str) -> str:
    """The verdict in one sentence."""
    introduced, unknown = len(document.get("introduced") or []), len(document.get("unknown") or [])
    told = words.plural(introduced, "drift")
    if document.get("verdict") == "fail":
        return f"Fails: this change introduces {told} from {against}"
    if document.get("verdict") == "unknown":
        return f"Not enough evidence to judge this change against {against}, {words.plural(unknown, 'fact')} unknown"
    if introduced:
        return f"Passes: this change introduces {told} from {against}, none that fails the gate"
    return f"Passes: this change introduces no drift from {against}"


def _row(verdict: Verdict) -> Row:
    icon, look, band = LOOKS.get(verdict.verdict, LOOKS["unknown"])
    document = verdict.document
    return Row(
        verdict,
        icon,
        look,
        band,
        visible(verdict.commit[:10]),
        visible(verdict.branch),
        _counts(document, "introduced") or "introduces nothing",
    )


@require_safe
@of_project
def gates(request: HttpRequest, project: Project) -> HttpResponse:
    """Newest first, 50 at a time."""
    version = version_of([project.id])
    rows, more = verdicts_of(project, _place(request.GET.get("before", "")))
    last = rows[-1] if rows else None
    context = {
        "project": project,
        "tab": "gate",
        "version": version,
        "rows": [_row(row) for row in rows],
        "more": f"{last.created_at.isoformat()}_{last.id}" if more and last else "",
    }
    return render(request, "web/gate/list.html", context)


def _place(text: str) -> tuple[datetime, UUID] | None:
    """Where the list goes on; what cannot be read begins at the top."""
    at, _, verdict_id = text.partition("_")
    try:
        place = datetime.fromisoformat(at.replace(" ", "+")), UUID(verdict_id)
    except ValueError:
        return None
    return place if place[0].tzinfo else None


def _said(document: dict[str, Any], against: str) -> dict[str, Any]:
    """What a verdict found."""
    lists = ("introduced", "fixed", "remaining", "waived")
    return {
        **{name: _found(document, name, against) for name in lists},
        "introduced_words": _counts(document, "introduced"),
        "unknown": _unknown(document),
        "totals": {name: len(document.get(name) or []) for name in (*lists, "unknown")},
        "exit_code": document.get("exit_code", ""),
        "fail_on": visible(document.get("fail_on", "")),
        "warnings": [visible(each) for each in document.get("warnings") or []],
    }


def _compared(verdict: Verdict) -> dict[str, Any]:
    """What a verdict compared."""
    document = verdict.document
    base = document.get("base") or {}
    return {
        "commit": visible(verdict.commit[:10]),
        "branch": visible(verdict.branch),
        "dirty": bool((document.get("candidate") or {}).get("dirty")),
        "base_words": BASES.get(str(base.get("source") or ""), visible(base.get("source", ""))),
        "base_commit": visible(str(base.get("commit") or "")[:10]),
        "coverage": float(document.get("coverage") or 0),
        "policy": document.get("policy") or {},
        "age_s": (document.get("against") or {}).get("age_s"),
    }


@require_safe
@of_project
def gate(request: HttpRequest, project: Project, verdict_id: UUID) -> HttpResponse:
    """One verdict."""
    try:
        verdict = verdict_of(project, verdict_id)
    except Verdict.DoesNotExist:
        raise Http404 from None
    document, against = verdict.document, verdict.against.slug
    icon, look, _ = LOOKS.get(verdict.verdict, LOOKS["unknown"])
    context = {
        "project": project,
        "tab": "gate",
        "version": version_of([project.id]),
        "verdict": verdict,
        "icon": icon,
        "look": look,
        "headline": headline(document, against),
        "against": against,
        **_said(document, against),
        **_compared(verdict),
    }
    return render(request, "web/gate/page.html", context)
