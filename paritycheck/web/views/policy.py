"""The policy: its text with mistakes at their line, what it would open and resolve, and what it would have opened."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from paritycheck.models import BacktestRun, Project
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.policies import decides, refused_policy, version_of, versions_of
from paritycheck.services.backtest_runs import request_backtest
from paritycheck.services.errors import Refused
from paritycheck.services.policies import choose_policy_source, save_policy
from paritycheck.services.preview import Foreseen, Preview, preview_policy
from paritycheck.web.access import maintainer_of, of_project
from paritycheck.web.backtesting import shown
from paritycheck.web.drafts import Draft, draft_of
from paritycheck.web.facts import name_parts
from paritycheck.web.headlines import of_policy
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
    if request.method == "POST":
        return _page(request, project, _sent(request))
    run = _kept(project, request.GET["backtest"]) if "backtest" in request.GET else None
    return _page(request, project, run.text if run else _asked(request, project), run=run)


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
    past = None if draft.mistakes else shown(_run(project, draft.text))
    return render(request, "web/policy/backtest.html", {"project": project, "past": past})


@require_safe
@of_project
def backtest_run(request: HttpRequest, project: Project, run_id: UUID) -> HttpResponse:
    """How far a back-test is, or what it found: a piece of the page, which asks for itself until it is done."""
    past = shown(_kept(project, str(run_id)))
    return render(request, "web/policy/backtest.html", {"project": project, "past": past})


def _kept(project: Project, ident: str) -> BacktestRun:
    try:
        run = BacktestRun.objects.filter(project=project, pk=UUID(ident)).first()
    except ValueError:
        run = None
    if run is None:
        raise Http404
    return run


def _run(project: Project, text: str) -> BacktestRun:
    return request_backtest(project=project, text=text, days=DAYS, now=timezone.now())


def _backtest(request: HttpRequest, project: Project) -> HttpResponse:
    """Without a script: to the page that shows how far it is, which can be left and found again."""
    text = _sent(request)
    if draft_of(text, "").mistakes:
        return _page(request, project, text)
    run = _run(project, text)
    return HttpResponseRedirect(f"{reverse('web:policy', args=[project.slug])}?backtest={run.pk}")


def _save(request: HttpRequest, project: Project) -> HttpResponse:
    text, seen = _sent(request), request.POST.get("version", "")
    user = maintainer_of(request, project)
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
    by = maintainer_of(request, project)
    slug = request.POST.get("environment", "")
    environment = project.environments.filter(slug=slug).first() if slug else None
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
    "backtest": _backtest,
}


def _page(
    request: HttpRequest,
    project: Project,
    text: str,
    *,
    run: BacktestRun | None = None,
    trouble: str = "",
    status: int = 200,
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
    if run is not None:
        context["past"] = shown(run)
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
        return {
            "preview": None,
            "headline": of_policy(project.policy_version, len(draft.mistakes), draft.changed, None),
        }
    preview = preview_policy(project=project, text=draft.text, now=timezone.now())
    return {
        "headline": of_policy(project.policy_version, 0, draft.changed, preview),
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
