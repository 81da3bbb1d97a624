"""The audit log of a project, for those who may change how it is judged."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from paritycheck.models import AuditEntry, Project
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.audit import actors_of, entries_of, head_of, nouns_of
from paritycheck.web.access import of_project
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
    if not may_maintain(request.user, project):
        raise PermissionDenied
    asked = {name: request.GET.get(name, "")[:LONGEST] for name in ("action", "actor")}
    before = request.GET.get("before", "")
    rows = entries_of(project, action=asked["action"], actor=asked["actor"])
    if before.isascii() and before.isdigit() and len(before) <= MOST_DIGITS:
        rows = rows.filter(number__lt=int(before))
    shown = list(rows[: A_PAGE + 1])
    head = head_of(project)
    context: dict[str, Any] = {
        "project": project,
        "tab": "settings",
        "part": "audit",
        "version": "",
        "may_maintain": True,
        "lines": [line_of(entry) for entry in shown[:A_PAGE]],
        "more": shown[A_PAGE - 1].number if len(shown) > A_PAGE else None,
        "asked": asked,
        "filtered": any(asked.values()),
        "actors": actors_of(project),
        "nouns": nouns_of(project),
        "head": head,
        "digest": bytes(head.sha256).hex() if head else "",
    }
    return render(request, "web/settings/audit.html", context)


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
