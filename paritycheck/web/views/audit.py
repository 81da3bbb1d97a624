"""The audit log of a project, for those who may change how it is judged; and that of the installation."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from paritycheck.models import AuditEntry, Project
from paritycheck.selectors.access import may_administer
from paritycheck.selectors.audit import actors_of, entries_of, head_of, nouns_of
from paritycheck.web.access import maintainer_of, of_project
from paritycheck.web.visible import visible

A_PAGE = 50
MOST_DIGITS = 12
LONGEST = 254
SHORT = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One entry; `said` are the parts of its detail that say something."""

    entry: AuditEntry
    actor: str
    action: str
    target: str
    said: tuple[tuple[str, str], ...]
    digest: str


@require_safe
@of_project
def audit(request: HttpRequest, project: Project) -> HttpResponse:
    """Who changed what, the newest first; by whom and of what as the address says."""
    maintainer_of(request, project)
    frame = {"project": project, "tab": "settings", "part": "audit", "version": "", "may_maintain": True}
    return render(request, "web/settings/audit.html", {**frame, **log_of(request, project)})


@login_required
@require_safe
def system_audit(request: HttpRequest) -> HttpResponse:
    """What concerns no project: people, their own tokens and passwords. For administrators of the installation."""
    if not may_administer(request.user):
        raise Http404
    return render(request, "web/system/audit.html", log_of(request, None))


def log_of(request: HttpRequest, project: Project | None) -> dict[str, Any]:
    """A page of entries, and what they can be chosen by."""
    asked = {name: request.GET.get(name, "")[:LONGEST] for name in ("action", "actor")}
    before = request.GET.get("before", "")
    rows = entries_of(project, action=asked["action"], actor=asked["actor"])
    if before.isascii() and before.isdigit() and len(before) <= MOST_DIGITS:
        rows = rows.filter(number__lt=int(before))
    shown = list(rows[: A_PAGE + 1])
    head = head_of(project)
    return {
        "here": request.path,
        "lines": [line_of(entry) for entry in shown[:A_PAGE]],
        "more": shown[A_PAGE - 1].number if len(shown) > A_PAGE else None,
        "asked": asked,
        "filtered": any(asked.values()),
        "actors": actors_of(project),
        "nouns": nouns_of(project),
        "head": head,
        "digest": bytes(head.sha256).hex() if head else "",
    }


def line_of(entry: AuditEntry) -> Line:
    """An entry as a person reads it."""
    said = tuple((name.replace("_", " "), _plain(value)) for name, value in entry.detail.items() if _tells(value))
    noun, _, act = entry.action.partition(".")
    words = f"{noun} {act.replace('-', ' ')}"
    return Line(entry, visible(entry.actor), words, visible(entry.target), said, bytes(entry.sha256).hex()[:SHORT])


def _tells(value: object) -> bool:
    return value not in (None, "", [], {})


def _plain(value: object) -> str:
    return visible(", ".join(map(str, value)) if isinstance(value, list) else value)
