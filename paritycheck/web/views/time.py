"""The time page: what waits between environments and how long, how that went, and how long changes take."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from paritycheck.models import Environment, Project
from paritycheck.models.projects import EnvironmentKind, Tier
from paritycheck.selectors.columns import in_order, pulses_of
from paritycheck.selectors.deploys import deploys_of
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.timeline import Past, Standing, now_told, pair_told, past_of, rhythm_told, standing_of
from paritycheck.services.pairs import policy_of
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.lagchart import chart_of
from paritycheck.web.leadbars import spread_of
from paritycheck.web.repository import repository_of
from paritycheck.web.timerows import Row, commits_of, deploys_shown, gap_reason, points_of, row_of

WINDOWS = {
    "28d": (timedelta(days=28), "28 d"),
    "90d": (timedelta(days=90), "90 d"),
    "365d": (timedelta(days=365), "1 y"),
}
SHORT = 8
MOST_DEPLOYS = 100
REMEDIES = {
    "shallow": "Its history ends too early. `git fetch --unshallow`, or `fetch-depth: 0` in a pipeline, helps.",
    "not-collected": "Commits between the two are not known here yet. Agents that run in a git checkout send them.",
    "no deploy yet": "It shows once both have reported a commit, or a deploy was told of.",
}
OF_SCOPE = "Agents with the same [scopes] in their parity.toml look at these commits with their next reports."
Pairing = tuple[Environment, Environment]
Standings = dict[Pairing, Standing]


@require_safe
@of_project
def time(request: HttpRequest, project: Project) -> HttpResponse:
    """`pair` is the last two on the way to users unless asked for, `window` 90 days, `scope` all paths."""
    context: dict[str, Any] = {"project": project, "tab": "time", "version": version_of([project.id])}
    pairs, chosen = _pairs(project, request.GET.get("pair", ""))
    if chosen is not None:
        context |= _page(request, project, pairs, chosen)
    return render(request, "web/time/page.html", context)


def _pairs(project: Project, asked: str) -> tuple[list[Pairing], Pairing | None]:
    """Neighbours on the way to users, review apps aside, with the pair that is asked for; and the chosen one."""
    environments = list(project.environments.select_related("latest"))
    for one in environments:
        one.project = project
    lasting = [one for one in environments if one.kind != EnvironmentKind.EPHEMERAL]
    ordered = in_order(lasting, project.baseline_id)
    found = list(pairwise(ordered))
    if not asked:
        return found, found[-1] if found else None
    by_slug = {one.slug: one for one in environments}
    left, _, right = asked.partition("..")
    if left == right or left not in by_slug or right not in by_slug:
        raise Http404
    pair = by_slug[left], by_slug[right]
    return found if pair in found else [*found, pair], pair


def _page(request: HttpRequest, project: Project, pairs: list[Pairing], chosen: Pairing) -> dict[str, Any]:
    left, right = chosen
    policy, now = policy_of(left), timezone.now()
    scope = request.GET.get("scope") or None
    if scope is not None and scope not in policy.scopes:
        raise Http404
    past = past_of(project, policy=policy, now=now, scope=scope)
    standings = {pair: standing_of(past, *pair) for pair in pairs}
    shown = {one.pk: one for one in (left, *(right for _, right in pairs))}
    paces = {of: rhythm_told(past, one) for of, one in shown.items()}
    repository = repository_of([right, left])
    return {
        **_chosen(request, past, standings[chosen], chosen, repository),
        "rows": _rows(past, standings, paces, chosen),
        "left": left,
        "right": right,
        "pair": f"{left.slug}..{right.slug}",
        "scope": scope,
        "scopes": sorted(policy.scopes),
        "spreads": [spread_of(paces[one.pk], tier=one.tier, kind=one.kind) for one in chosen if not _laptop(one)],
        **_deploys(request, project, chosen, repository),
    }


def _chosen(request: HttpRequest, past: Past, standing: Standing, chosen: Pairing, repository: str) -> dict[str, Any]:
    left, right = chosen
    span, _ = WINDOWS.get(request.GET.get("window", ""), WINDOWS["90d"])
    told = pair_told(past, standing, left, right, span=span)
    return {
        **_headline(told["now"], chosen, request.GET.get("scope")),
        "now": told["now"],
        "chart": chart_of(told, downstream=right.slug, since=past.now - span, now=past.now, laptop=_laptop(left)),
        "points": points_of(told["series"], repository),
        "windows": [(name, label, length == span) for name, (length, label) in WINDOWS.items()],
        **_commits(request, told, repository, past.now),
    }


def _laptop(environment: Environment) -> bool:
    return environment.kind == EnvironmentKind.COHORT or environment.tier == Tier.DEVELOPMENT


def _rows(past: Past, standings: Standings, paces: Mapping[Any, Mapping[str, Any]], chosen: Pairing) -> list[Row]:
    pulses = pulses_of([chosen[0].project_id])
    found = []
    for (left, right), standing in standings.items():
        laptops = pulses[left.pk].instances if left.pk in pulses else 0
        now, current = now_told(past, standing, left), (left, right) == chosen
        found.append(row_of(left, right, now, paces[right.pk], laptops=laptops, chosen=current))
    return found


def _headline(now: Mapping[str, Any], chosen: Pairing, scope: str | None) -> dict[str, Any]:
    left, right = chosen[0].slug, chosen[1].slug
    if now["waiting"] is None or now["age_s"] is None:
        reason = str(now.get("reason") or "")
        remedy = OF_SCOPE if scope and reason == "not-collected" else REMEDIES.get(reason, "")
        why = f"{gap_reason(reason).capitalize()}. {remedy}".strip()
        return {"headline": f"What waits for {right} is not known", "note": why}
    missing = words.plural(now["missing"], "commit")
    note = f"{right.capitalize()} has {missing} that {left} lacks: diverged." if now["missing"] else ""
    if not now["waiting"]:
        return {"headline": f"Nothing waits for {right}", "note": note.replace(": diverged", "")}
    told, verb = words.plural(now["waiting"], "commit"), "waits" if now["waiting"] == 1 else "wait"
    oldest = "" if now["waiting"] == 1 else ", the oldest"
    return {"headline": f"{told} {verb} for {right}{oldest} for {words.duration(now['age_s'])}", "note": note}


def _commits(request: HttpRequest, told: Mapping[str, Any], repository: str, now: datetime) -> dict[str, Any]:
    """The first eight, all that are told of where asked for; and how many more there are."""
    every, total = told["waiting"], told["now"]["waiting"] or 0
    shown = every if request.GET.get("commits") == "all" else every[:SHORT]
    people = {row["author"] for row in every} | {name for row in every for name in row["co_authors"]}
    return {
        "commits": commits_of(shown, repository, now),
        "more": len(every) - len(shown),
        "beyond": total - len(every),
        "people": words.plural(len(people), "person", "people"),
    }


def _deploys(request: HttpRequest, project: Project, chosen: Pairing, repository: str) -> dict[str, Any]:
    rows = deploys_of(project).filter(environment__in=chosen).order_by("-deployed_at", "-pk")
    total = rows.count()
    shown = rows[: MOST_DEPLOYS if request.GET.get("deploys") == "all" else SHORT]
    deploys = deploys_shown(shown, repository)
    reachable = min(total, MOST_DEPLOYS) - len(deploys)
    return {"deploys": deploys, "more_deploys": reachable, "beyond_deploys": total - len(deploys) - reachable}
