"""Any two snapshots side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from paritycheck.codec.sides import BUCKET_OF, BUCKETS, counts_of, total
from paritycheck.core.addresses import AddressError
from paritycheck.core.comparison import FARTHEST, Relation, Row
from paritycheck.core.natural import natural
from paritycheck.models import Project
from paritycheck.selectors.comparisons import (
    ComparisonFilter,
    Place,
    comparison_of,
    find_place,
    rows_asked,
    sources_of,
)
from paritycheck.selectors.filters import FilterError
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.projects import environments_of
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.cells import SECTION_TITLES
from paritycheck.web.evidence import STEPS
from paritycheck.web.evidence import sources_of as read_from
from paritycheck.web.facts import name_parts
from paritycheck.web.halves import Half, halves_of
from paritycheck.web.moves import place_of
from paritycheck.web.visible import visible

MOST_ROWS = 200
LONGEST_ADDRESS = 128
TITLES = {
    "": "All changes",
    "different": "Different",
    "left": "Only left",
    "right": "Only right",
    "unknown": "Unknown",
    "same": "Same",
}
GLYPHS = {"different": "different", "left": "missing", "right": "missing", "unknown": "unknown", "same": "same"}


@dataclass(frozen=True, slots=True)
class Line:
    """One fact on both sides."""

    prefix: str
    name: str
    glyph: str
    left: Half
    right: Half
    distance: str
    sources: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """The rows of one section that were asked for, from `after` on."""

    name: str
    title: str
    same: int
    lines: tuple[Line, ...]
    more_after: str
    left_over: int


@dataclass(frozen=True, slots=True)
class Field:
    """An address as it was written, the snapshot there, or what is the matter with it."""

    name: str
    text: str
    place: Place | None
    problem: str


@require_safe
@of_project
def compare(request: HttpRequest, project: Project) -> HttpResponse:
    """Two address fields, the buckets with their counts, and the rows of one of them."""
    version = version_of([project.id])
    slugs = [environment.slug for environment in environments_of(project).order_by("slug")]
    fields = _fields(request, project, slugs)
    context = {
        "project": project,
        "tab": "compare",
        "version": version,
        "fields": fields,
        "slugs": slugs,
        "swapped": urlencode({**request.GET.dict(), "left": fields[1].text, "right": fields[0].text, "after": ""}),
        "examples": _examples(project, slugs),
        **_compared(request, fields),
    }
    return render(request, "web/compare/page.html", context)


def _fields(request: HttpRequest, project: Project, slugs: Sequence[str]) -> tuple[Field, Field]:
    """What the address says; where it says nothing, the first environment with the baseline."""
    base = project.baseline.slug if project.baseline else next(iter(slugs), "production")
    other = next((slug for slug in ("staging", *slugs) if slug in slugs and slug != base), f"{base}~1")
    usual = {"left": other, "right": base}
    one, two = (_field(request, project, name, usual[name]) for name in ("left", "right"))
    return one, two


def _field(request: HttpRequest, project: Project, name: str, usual: str) -> Field:
    text = request.GET.get(name, "").strip()[:LONGEST_ADDRESS] or usual
    try:
        place = find_place(project, text.replace("\0", ""), timezone.now())
    except AddressError as error:
        return Field(name, visible(text), None, f"{error}.")
    return Field(name, visible(text), place, "" if place else "There is no such snapshot in this project.")


def _examples(project: Project, slugs: Sequence[str]) -> list[str]:
    base = project.baseline.slug if project.baseline else next(iter(slugs), "production")
    return [base, f"{base}#1", f"{base}~1", f"{base}@{{2.weeks.ago}}", f"{base}@{{{timezone.now():%Y-%m-%d}T12:00Z}}"]


def _compared(request: HttpRequest, fields: tuple[Field, Field]) -> dict[str, Any]:
    left, right = fields[0].place, fields[1].place
    if left is None or right is None:
        return {"chapters": [], "options": [], "headline": "", "answer": "Compare any two snapshots"}
    asked = _asked(request)
    sections = counts_of(comparison_of(left, right))
    counts = total(sections)
    rows = rows_asked(left, right, asked)
    return {
        "asked": asked,
        "text": visible(asked.q),
        "left": left,
        "right": right,
        "counts": counts,
        "options": _options(counts, asked.only),
        "answer": _answer(counts),
        "headline": _headline(left, right),
        "chapters": _chapters(rows, sections, left, right, request.GET.get("after", "")[:512]),
        "nothing": not rows and not asked.only and not asked.q and not asked.section,
    }


def _asked(request: HttpRequest) -> ComparisonFilter:
    """A filter that says nothing is none: a page is asked by people who edit its address."""
    try:
        return ComparisonFilter.read(request.GET.dict())
    except FilterError:
        return ComparisonFilter()


def _options(counts: dict[str, int], only: str) -> list[dict[str, Any]]:
    changes = sum(counts[bucket] for bucket in BUCKETS if bucket != "same")
    return [
        {
            "only": bucket or None,
            "title": title,
            "glyph": GLYPHS.get(bucket, ""),
            "count": counts[bucket] if bucket else changes,
            "chosen": bucket == only,
        }
        for bucket, title in TITLES.items()
    ]


def _answer(counts: dict[str, int]) -> str:
    """The page's first sentence: how many facts differ, and how many could not be compared."""
    apart = sum(counts[bucket] for bucket in ("different", "left", "right"))
    facts, unknown = words.plural(sum(counts.values()), "fact"), counts["unknown"]
    said = f"{words.number(apart)} of {facts} {'differs' if apart == 1 else 'differ'}" if apart else "Nothing differs"
    if unknown:
        return f"{said}, {words.number(unknown)} cannot be compared"
    return said if apart else f"{said}, {facts} are the same"


def _headline(left: Place, right: Place) -> str:
    apart = words.duration(abs((right.snapshot.opened_at - left.snapshot.opened_at).total_seconds()))
    if left.environment == right.environment:
        return f"What changed in {left.environment.slug} between two snapshots, {apart} apart"
    return f"Comparing {_named(left)} with {_named(right)}, opened {apart} apart"


def _named(place: Place) -> str:
    return f"{place.environment.slug}#{place.snapshot.number}"


def _chapters(
    rows: Sequence[Row], sections: dict[str, dict[str, int]], left: Place, right: Place, after: str
) -> list[Chapter]:
    names = sorted({row.section for row in rows}, key=place_of)
    return [
        _chapter(name, [row for row in rows if row.section == name], sections.get(name, {}), left, right, after)
        for name in names
    ]


def _chapter(name: str, rows: Sequence[Row], counts: dict[str, int], left: Place, right: Place, after: str) -> Chapter:
    start, dot, of = after.partition(":")
    coming = sorted(rows, key=lambda row: natural(row.name))
    if dot and start == name:
        coming = [row for row in coming if natural(row.name) > natural(of)]
    shown = coming[:MOST_ROWS]
    rest = len(coming) - len(shown)
    return Chapter(
        name,
        SECTION_TITLES.get(name, name),
        counts.get("same", 0),
        tuple(_line(row, left, right) for row in shown),
        f"{name}:{shown[-1].name}" if rest else "",
        rest,
    )


def _line(row: Row, left: Place, right: Place) -> Line:
    prefix, name = name_parts(row.section, row.name)
    left_half, right_half = halves_of(row.section, row.left, row.right, marked=row.relation is Relation.DIFFERENT)
    return Line(
        prefix,
        visible(name),
        GLYPHS[BUCKET_OF[row.relation]],
        left_half,
        right_half,
        _distance(row),
        _sources(row, left, right),
    )


def _distance(row: Row) -> str:
    if row.relation in {Relation.ONLY_LEFT, Relation.ONLY_RIGHT}:
        return TITLES[BUCKET_OF[row.relation]].lower()
    if row.relation is Relation.UNKNOWN:
        return "not compared"
    if row.relation is Relation.SAME or not row.distance:
        return "" if row.relation is Relation.SAME else "value"
    if row.distance == FARTHEST:
        return "another kind"
    versioned = row.section in {"dependencies", "runtime"} or (row.section == "services" and "." not in row.name)
    return STEPS.get(row.distance, "") if versioned else "value"


def _sources(row: Row, left: Place, right: Place) -> str:
    """Where the right side was read, and the left one where that is another place."""
    found = (sources_of(place, row.section, fact) for place, fact in ((right, row.right), (left, row.left)))
    return ", ".join(dict.fromkeys(source.text for raw in found for source in read_from(raw[:1])))
