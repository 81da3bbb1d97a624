"""The twelve factors: a row each, a column an environment."""

from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from paritycheck.core.factors import BROKEN, HOLDS, UNKNOWN, Cell, Factor
from paritycheck.models import Project
from paritycheck.selectors.columns import Column
from paritycheck.selectors.factors import Sheet, factor_sheet
from paritycheck.selectors.lines import SECTIONS
from paritycheck.selectors.liveness import version_of
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.visible import visible

TITLES = {"": "All", BROKEN: "Broken", UNKNOWN: "Unknown"}
ICONS = {BROKEN: "octagon-x", UNKNOWN: "circle-question-mark"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as the template draws it. `rest` are the halves that were not observed, `chosen` at 390 px."""

    slug: str
    look: str
    icon: str
    text: str
    rest: str
    href: str
    base: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class ShownFactor:
    """A row as the template draws it."""

    factor: Factor
    cells: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """An environment above its column, with what holds there in figures."""

    slug: str
    tier: str
    kind: str
    base: bool
    said: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the filters with its count."""

    value: str
    title: str
    icon: str
    count: int
    chosen: bool


@require_safe
@of_project
def factors(request: HttpRequest, project: Project) -> HttpResponse:
    """Rows that the query's `show` asks for; `environment` is the one that narrow screens draw."""
    version = version_of([project.id])
    sheet = factor_sheet(project, timezone.now())
    show = request.GET.get("show", "")
    show = show if show in TITLES else ""
    chosen = _chosen(sheet, request.GET.get("environment", ""))
    context = {
        "project": project,
        "tab": "factors",
        "version": version,
        "headline": headline(sheet),
        "reported": any(column.snapshot for column in sheet.columns),
        "heads": [_head(sheet, at, column, chosen) for at, column in enumerate(sheet.columns)],
        "rows": [_row(project, sheet, factor, chosen) for factor in sheet.factors if show in {"", factor.verdict}],
        "choices": _choices(sheet, show),
        "show": show,
        "wide": len(sheet.columns) > 4,  # noqa: PLR2004  as many as fit beside each other
    }
    return render(request, "web/factors/page.html", context)


def _chosen(sheet: Sheet, asked: str) -> str:
    """The environment asked for, else the baseline, else the last."""
    slugs = [column.slug for column in sheet.columns]
    base = next((column.slug for column in sheet.columns if column.baseline), slugs[-1] if slugs else "")
    return asked if asked in slugs else base


def headline(sheet: Sheet) -> str:
    """The page's answer in one sentence."""
    if not any(column.snapshot for column in sheet.columns):
        return "No environment has reported yet"
    broken = sum(factor.verdict == BROKEN for factor in sheet.factors)
    if not broken:
        return "No factor is known to be broken"
    verb = "is" if broken == 1 else "are"
    return f"{words.spelled(broken).capitalize()} of twelve factors {verb} broken somewhere"


def _head(sheet: Sheet, at: int, column: Column, chosen: str) -> Head:
    counts = Counter(factor.cells[at].verdict for factor in sheet.factors)
    titles = ((HOLDS, "hold"), (BROKEN, "broken"), (UNKNOWN, "unknown"))
    said = ", ".join(f"{counts[verdict]} {word}" for verdict, word in titles if counts[verdict])
    environment = column.environment
    return Head(column.slug, environment.tier, environment.kind, column.baseline, said, column.slug == chosen)


def _choices(sheet: Sheet, show: str) -> list[Choice]:
    counts = Counter(factor.verdict for factor in sheet.factors)
    return [
        Choice(value, title, ICONS.get(value, ""), counts[value] if value else len(sheet.factors), value == show)
        for value, title in TITLES.items()
    ]


def _row(project: Project, sheet: Sheet, factor: Factor, chosen: str) -> ShownFactor:
    pairs = zip(sheet.columns, factor.cells, strict=True)
    return ShownFactor(factor, tuple(_shown(project, column, cell, chosen) for column, cell in pairs))


def _shown(project: Project, column: Column, cell: Cell, chosen: str) -> Shown:
    look = cell.severity or ("waived" if cell.waived and cell.verdict == HOLDS else cell.verdict)
    return Shown(
        slug=column.slug,
        look=look,
        icon={HOLDS: "check", UNKNOWN: "circle-question-mark", "waived": "hourglass"}.get(look, ""),
        text=visible(cell.evidence),
        rest=f"{', '.join(cell.unobserved)} not observed" if cell.unobserved else "",
        href=_evidence(project, column, cell),
        base=column.baseline,
        chosen=column.slug == chosen,
    )


def _evidence(project: Project, column: Column, cell: Cell) -> str:
    """Where the evidence stands: the drift, the fact, else what the environment reported."""
    if cell.drifts and cell.verdict == BROKEN:
        return reverse("web:drift", args=[project.slug, cell.drifts[0][:10]])
    place = next(((section, name) for section, name in cell.facts if section in SECTIONS), None)
    if place is not None and column.pair is not None:
        asked = urlencode({"environment": column.slug, "section": place[0], "name": place[1]})
        return f"{reverse('web:cell', args=[project.slug])}?{asked}"
    if column.snapshot is not None:
        return reverse("web:snapshot", args=[project.slug, column.slug, column.snapshot.number])
    return reverse("web:environment", args=[project.slug, column.slug])
