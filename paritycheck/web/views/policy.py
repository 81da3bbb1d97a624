"""The policy: its text with mistakes at their line, what it would open and resolve, and what it would have opened."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from paritycheck.core.backtest import by_rule
from paritycheck.models import Project, User
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.policies import decides, refused_policy, version_of, versions_of
from paritycheck.services.backtest import Backtest, backtest_policy
from paritycheck.services.errors import Refused
from paritycheck.services.policies import choose_policy_source, save_policy
from paritycheck.services.preview import Foreseen, Preview, preview_policy
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.charts import blocks
from paritycheck.web.drafts import Draft, draft_of
from paritycheck.web.facts import name_parts
from paritycheck.web.visible import visible

DAYS = 30
MOST_MOVES = 40
MOST_VERSIONS = 20
MOST_DIGITS = 8


@require_http_methods(["GET", "HEAD", "POST"])
@of_project
def policy(request: HttpRequest, project: Project) -> HttpResponse:
    """The text in force, or the draft that was sent; without a script every button is a page."""
    action = request.POST.get("action", "")
    if request.method == "POST" and action in _ACTIONS:
        return _ACTIONS[action](request, project)
    text = _sent(request) if request.method == "POST" else _asked(request, project)
    return _page(request, project, text, past=action == "backtest")


@require_POST
@of_project
def policy_trial(request: HttpRequest, project: Project) -> HttpResponse:
    """What changes on the page while somebody writes."""
    draft = draft_of(_sent(request), _in_force(project))
    context = {"project": project, "draft": draft, "swap": True, **_trial(project, draft), **_rights(request, project)}
    return render(request, "web/policy/trial.html", context)


@require_POST
@of_project
def policy_backtest(request: HttpRequest, project: Project) -> HttpResponse:
    """The back-test of a draft."""
    draft = draft_of(_sent(request), _in_force(project))
    return render(request, "web/policy/backtest.html", {"project": project, "past": _past(project, draft)})


def _save(request: HttpRequest, project: Project) -> HttpResponse:
    text, seen = _sent(request), request.POST.get("version", "")
    if not may_maintain(request.user, project):
        raise PermissionDenied
    user = request.user if isinstance(request.user, User) else None
    try:
        save_policy(
            project=project,
            user=user,
            text=text,
            seen=int(seen) if _is_number(seen) else None,
            now=timezone.now(),
        )
    except Refused as refusal:
        return _page(request, project, text, trouble=refusal.detail, status=refusal.status)
    return HttpResponseRedirect(reverse("web:policy", args=[project.slug]))


def _choose(request: HttpRequest, project: Project) -> HttpResponse:
    if not may_maintain(request.user, project):
        raise PermissionDenied
    slug = request.POST.get("environment", "")
    environment = project.environments.filter(slug=slug).first() if slug else None
    by = cast("User", request.user)
    choose_policy_source(project=project, environment=environment, now=timezone.now(), by=by)
    return HttpResponseRedirect(reverse("web:policy", args=[project.slug]))


def _download(request: HttpRequest, project: Project) -> HttpResponse:
    del project
    disposition = {"Content-Disposition": 'attachment; filename="parity.toml"'}
    return HttpResponse(_sent(request), content_type="application/toml; charset=utf-8", headers=disposition)


_ACTIONS: dict[str, Callable[[HttpRequest, Project], HttpResponse]] = {
    "save": _save,
    "choose": _choose,
    "download": _download,
}


def _page(
    request: HttpRequest, project: Project, text: str, *, past: bool = False, trouble: str = "", status: int = 200
) -> HttpResponse:
    draft = draft_of(text, _in_force(project))
    context = {
        "project": project,
        "tab": "settings",
        "part": "policy",
        "draft": draft,
        "trouble": trouble,
        **_trial(project, draft),
        **_rights(request, project),
        **_standing(project),
    }
    if past:
        context["past"] = _past(project, draft)
    return render(request, "web/policy/page.html", context, status=status)


def _standing(project: Project) -> dict[str, Any]:
    """What is in force, where it came from, and what was before it."""
    return {
        "version": "",
        "current": version_of(project, project.policy_version),
        "refused": refused_policy(project),
        "versions": list(versions_of(project)[:MOST_VERSIONS]),
        "environments": list(project.environments.order_by("slug")),
    }


def _rights(request: HttpRequest, project: Project) -> dict[str, Any]:
    source, maintains = decides(project), may_maintain(request.user, project)
    return {
        "may_save": maintains,
        "may_maintain": maintains,
        "source": source,
        "in_repository": source is not None and source.policy is not None,
        "next_version": project.policy_version + 1,
    }


def _in_force(project: Project) -> str:
    return project.policy.text if project.policy else ""


def _sent(request: HttpRequest) -> str:
    """The draft as it was typed: a browser sends CRLF."""
    return request.POST.get("text", "").replace("\r\n", "\n")


def _asked(request: HttpRequest, project: Project) -> str:
    """The text in force, or that of the version the address names."""
    number = request.GET.get("version", "")
    version = version_of(project, int(number)) if _is_number(number) else None
    return version.policy.text if version else _in_force(project)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def _trial(project: Project, draft: Draft) -> dict[str, Any]:
    """What the draft would move now; nothing is said of a draft with a mistake."""
    if draft.mistakes:
        return {"preview": None}
    preview = preview_policy(project=project, text=draft.text, now=timezone.now())
    return {
        "preview": preview,
        "moves": [_told(move) for move in preview.moves[:MOST_MOVES]],
        "more": max(0, len(preview.moves) - MOST_MOVES),
        "nothing": _nothing(preview, draft),
    }


def _nothing(preview: Preview, draft: Draft) -> str:
    if preview.moves:
        return ""
    return "This draft moves no drift." if draft.changed else "This is what is in force. Change the text to try it."


def _told(move: Foreseen) -> dict[str, str]:
    """One row of the preview."""
    place = f"within {move.left}" if move.left == move.right else f"{move.left} against {move.right}"
    look = "ok" if move.what == "resolves" else move.severity
    name = visible(name_parts(move.section, move.name)[1])
    return {"look": look, "name": name, "told": f"{move.rule.replace('-', ' ')}, {place}", "what": move.what}


def _past(project: Project, draft: Draft) -> dict[str, Any] | None:
    if draft.mistakes:
        return None
    past = backtest_policy(project=project, text=draft.text, days=DAYS, now=timezone.now())
    return {
        "past": past,
        "opened": words.plural(len(past.openings), "drift"),
        "days": DAYS,
        "rules": by_rule(past.openings)[:8],
        "chart": blocks(_by_day(past), f"{words.plural(len(past.openings), 'opening')} by day"),
    }


def _by_day(past: Backtest) -> list[tuple[int, int]]:
    """Lasting and short openings of each day, the oldest first."""
    days = [[0, 0] for _ in range(DAYS)]
    for one in past.openings:
        days[_day(past.until, one.opened_at)][one.short] += 1
    return [(lasting, short) for lasting, short in days]


def _day(until: datetime, at: datetime) -> int:
    return max(0, DAYS - 1 - (until - at).days)
