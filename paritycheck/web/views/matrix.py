"""The project's page: what differs where."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from paritycheck.core.searching import nearest, pieces_of
from paritycheck.models import Drift, Project
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.access import may_waive
from paritycheck.selectors.columns import Column, columns_of
from paritycheck.selectors.drifts import drifts_of
from paritycheck.selectors.filters import LIVE, PARAMETERS, UNKNOWN, DriftFilter, FilterError
from paritycheck.selectors.lines import DIFFERING, EVERYTHING, Filter
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.matrix import Matrix, live_drifts
from paritycheck.selectors.policies import policy_of, refused_policy
from paritycheck.selectors.policies import version_of as policy_version
from paritycheck.selectors.trend import open_by_day
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.cells import SECTION_TITLES, FactGroup, group_of
from paritycheck.web.evidence import evidence_of_cell
from paritycheck.web.gaps import tiles_of
from paritycheck.web.heads import heads_of
from paritycheck.web.notices import Notice, notices_of, waiting_for
from paritycheck.web.tags import SEVERITY_ICONS

WIDE = 6
MOST_PICKED = 100
MOST_DIGITS = 7
SHOWN_DIGITS = 10
# What an address can ask for that the filter bar has no choice for, as the page calls it.
MORE = {
    "state": "state",
    "pair": "pair",
    "rule": "rule",
    "name": "name",
    "owner": "owner",
    "initial": "from the first evaluation",
    "waived": "waived",
    "changed_since": "changed since",
}
SEVERITIES = {"error": "Errors", "warning": "Warnings", "note": "Notes", "waived": "Waived", "unknown": "Unknown"}


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a filter; `next` is what choosing it leaves chosen."""

    name: str
    title: str
    count: int
    chosen: bool
    next: list[str] | None
    icon: str = ""
    css: str = ""


def _options(titles: dict[str, str], counts: dict[str, int], chosen: frozenset[str]) -> list[Option]:
    """The choices that would show something, and those already made."""
    return [
        Option(
            name,
            title,
            counts.get(name, 0),
            name in chosen,
            sorted(chosen ^ {name}) or None,
            SEVERITY_ICONS.get(name, "info"),
            f"ink-{name}",
        )
        for name, title in titles.items()
        if counts.get(name) or name in chosen
    ]


def filter_of(request: HttpRequest, project: Project) -> tuple[Filter, str]:
    """The filter that the query string spells, and what is wrong with it: one that says nothing is none."""
    fault, asked = "", EVERYTHING
    try:
        asked = DriftFilter.read(dict(request.GET.lists()), LIVE)
    except FilterError as error:
        fault = str(error)
    found = None
    if asked != EVERYTHING:
        found = frozenset(drifts_of(project, asked).values_list("id", "section", "name"))
    unfold = frozenset(request.GET.getlist("show")) & frozenset(SECTION_TITLES)
    skip = request.GET.get("skip", "")
    skipped = int(skip) if skip.isascii() and skip.isdecimal() and len(skip) < MOST_DIGITS else 0
    return Filter(asked, found, unfold, request.GET.get("after", "")[:512], skipped), fault


def part_of(request: HttpRequest) -> str:
    """The one section that a page is about, where more of its lines are asked for; empty for all of them."""
    asked = request.GET.get("part", "")
    return asked if asked in SECTION_TITLES else ""


def matrix_of(project: Project) -> Matrix:
    """The project's matrix, nothing of it decoded yet."""
    now = timezone.now()
    policy = policy_of(project)
    after = timedelta(seconds=policy.unknown_after_s)
    drifts = live_drifts(project)
    columns = columns_of(project, now)
    return Matrix(project, _most_first(columns, drifts) if len(columns) >= WIDE else columns, drifts, now, after)


def _most_first(columns: tuple[Column, ...], drifts: tuple[Drift, ...]) -> tuple[Column, ...]:
    """So many that they scroll: those with most drifts stand first, the baseline stays last."""
    held = Counter(drift.left_id for drift in drifts)
    return tuple(sorted(columns, key=lambda column: (column.baseline, -held[column.environment.id])))


@gzip_page
@require_safe
@of_project
def matrix(request: HttpRequest, project: Project) -> HttpResponse:
    """Only rows that differ are sent; a section unfolds on demand."""
    version = version_of([project.id])
    found, (chosen, fault), part = matrix_of(project), filter_of(request, project), part_of(request)
    groups = _groups(found, chosen, part)
    context = {
        "project": project,
        "tab": "matrix",
        "version": version,
        "matrix": found,
        "groups": groups,
        "chosen": chosen,
        "heads": heads_of(found.columns),
        "tiles": tiles_of(found, open_by_day([project.id], found.now).get(project.id, ())),
        "notices": [*_faulty(fault), *notices_of(found, refused_policy(project))],
        "open_drifts": sum(drift.state == DriftState.OPEN for drift in found.drifts),
        "headline": headline(found),
        "policy_words": policy_words(project),
        "evaluated_at": max((column.pair.evaluated_at for column in found.columns if column.pair), default=None),
        "part": part,
        "may_pick": may_waive(request.user, project),
        "pick": _pick(found, chosen) if chosen.narrows else [],
        **_bounds(found, chosen),
        **_filters(found, chosen),
        **_asked(request, chosen, fault),
        **_empty(found, chosen, groups),
    }
    return render(request, "web/matrix/page.html", context)


def _pick(found: Matrix, chosen: Filter) -> list[str]:
    """The open drifts that a filter leaves, to be waived together; nothing where it leaves too many for an address."""
    picked = [drift.id[:SHOWN_DIGITS] for drift in found.open_in(chosen)]
    return picked if len(picked) <= MOST_PICKED else []


def _groups(found: Matrix, chosen: Filter, part: str) -> list[FactGroup]:
    """The sections to draw: those with rows, and, unless something is looked for, those that only have equal facts."""
    if not found.comparable:
        return []
    groups = [group_of(found.project.slug, group) for group in found.groups(chosen, part)]
    return [group for group in groups if group.rows or (group.folded and not chosen.narrows)]


def _bounds(found: Matrix, chosen: Filter) -> dict[str, Any]:
    """How wide the table is, and what is unfolded in it."""
    wide = len(found.columns) >= WIDE
    return {"wide": wide, "span": len(found.columns) + 3, "unfolded": chosen.unfold}


def _filters(found: Matrix, chosen: Filter) -> dict[str, Any]:
    """The choices of the filter bar with their counts, which no filter changes."""
    differing = {section: sum(look in DIFFERING for look in looks.values()) for section, looks in found.looks.items()}
    unknown = sum(look == "unknown" for looks in found.looks.values() for look in looks.values())
    return {
        "section_options": _options(SECTION_TITLES, differing, chosen.sections),
        "severity_options": _options(SEVERITIES, {**found.severities, "unknown": unknown}, chosen.severities),
        "section_words": words.listed([SECTION_TITLES[name] for name in sorted(chosen.sections)]),
        "severity_words": words.listed([SEVERITIES[name] for name in sorted(chosen.severities)]),
    }


def _faulty(fault: str) -> list[Notice]:
    """That a filter was not understood and nothing is left out, which a page that looks whole would not tell."""
    said = f"Its address asks for something that is not known here: {fault}."
    return [Notice("warning", "triangle-alert", "This page is not filtered", said)] if fault else []


def _asked(request: HttpRequest, chosen: Filter, fault: str) -> dict[str, Any]:
    """What the address asks for beyond the filter bar, and the same question to the list as a file."""
    said = () if fault else [(name, value) for name, value in request.GET.lists() if name in PARAMETERS - {"q"}]
    asked = chosen.asked
    more = {name: value for name, value in asked.words if name in MORE}
    if asked.severity or asked.state == LIVE:
        more.pop("state", None)
    return {
        "kept": [(name, each) for name, values in said for each in values],
        "more_asked": [(MORE[name], name, value) for name, value in more.items()],
        "file": "" if asked.severity == {UNKNOWN} else urlencode(asked.words),
    }


def _empty(found: Matrix, chosen: Filter, groups: list[FactGroup]) -> dict[str, Any]:
    """What stands in the table's place: nothing to compare, nothing that differs, nothing that matches."""
    return {
        "calm": found.comparable and not (found.differing or chosen.narrows or chosen.unfold),
        "all_sections": sorted(found.names),
        "coverage": min((column.pair.coverage for column in found.columns if column.pair), default=0.0),
        "suggestion": _suggestion(found, chosen.text) if chosen.text and not groups else "",
        "waiting": waiting_for(found),
        "public_url": settings.PUBLIC_URL,
    }


def policy_words(project: Project) -> str:
    """Which expectations hold."""
    if not project.policy_id:
        return "shipped expectations"
    version = policy_version(project, project.policy_version)
    origin = "saved here" if version and version.user_id and not version.environment_id else "from parity.toml"
    return f"policy v{project.policy_version} {origin}"


def headline(found: Matrix) -> str:
    """The page's answer in one sentence."""
    if not found.comparable:
        return waiting_for(found).title
    if not found.differing:
        return f"Nothing differs. {words.number(found.total)} facts are the same or within policy."
    verb = "differs" if found.differing == 1 else "differ"
    return f"{words.plural(found.differing, 'fact')} of {words.number(found.total)} {verb}"


def _suggestion(found: Matrix, text: str) -> str:
    """The part of a name nearest to what was typed; no name, no guess."""
    return nearest(text, pieces_of(name for names in found.names.values() for name in names))


@require_safe
@of_project
def cell(request: HttpRequest, project: Project) -> HttpResponse:
    """The evidence behind one cell: a popover for the matrix, a page for everybody else."""
    found = matrix_of(project)
    asked = request.GET
    column = next((each for each in found.columns if each.slug == asked.get("environment")), None)
    section, name = asked.get("section", ""), asked.get("name", "")
    if column is None or name not in found.looks.get(section, {}):
        raise Http404
    context = {
        "project": project,
        "tab": "matrix",
        "evidence": evidence_of_cell(found, column, section, name),
        "may_waive": may_waive(request.user, project),
    }
    template = "web/matrix/pop.html" if getattr(request, "htmx", False) else "web/matrix/cell_page.html"
    return render(request, template, context)
