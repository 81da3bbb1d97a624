"""The personnel page: whether those who write also ship. Teams in order of name; no person is listed or ranked."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from paritycheck.core.bands import Unknown
from paritycheck.core.personnel import PersonnelGap, band_of
from paritycheck.core.policy import DAY
from paritycheck.core.teams import Group, Row, Table
from paritycheck.models import Environment, Project
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.people import asking_person
from paritycheck.selectors.personnel import Personnel, personnel_of
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.gapchart import chart_of
from paritycheck.web.visible import visible

WINDOWS = {"28d": (28 * DAY, "28 d"), "90d": (90 * DAY, "90 d"), "365d": (365 * DAY, "1 y")}
WEEKS = 25
SHADES = 5
WHOLE = 100.0
LEGIBLE = 0.3
"""The share of the bar from which its text fits into it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the bar of commits, in percent of its width; `inside` where its text fits."""

    look: str
    text: str
    x: str
    width: str
    label_x: str
    inside: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """Commits of a team by one column; `shade` from 0 to SHADES."""

    column: str
    commits: int
    share: str
    shade: int
    own: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A team that writes."""

    name: str
    who: str
    cells: tuple[Cell, ...]
    unknown: int


@dataclass(frozen=True, slots=True)
class Share:
    """A line behind the number."""

    name: str
    value: str
    note: str


@require_safe
@of_project
def personnel(request: HttpRequest, project: Project) -> HttpResponse:
    """`environment` is the baseline unless asked for, `window` the policy's."""
    version = version_of([project.id])
    environments = list(project.environments.order_by("slug"))
    window = request.GET.get("window", "")
    environment = _asked(project, environments, request.GET.get("environment", ""))
    context: dict[str, Any] = {"project": project, "tab": "personnel", "version": version, "chosen": environment}
    if environment is not None:
        environment.project = project
        window_s = WINDOWS[window][0] if window in WINDOWS else 0
        found = personnel_of(environment, timezone.now(), window_s=window_s, weeks=WEEKS)
        context |= {**_page(found), "environments": environments, "you": _you(found, request)}
    return render(request, "web/personnel/page.html", context)


def _asked(project: Project, environments: list[Environment], slug: str) -> Environment | None:
    wanted = slug or (project.baseline.slug if project.baseline else "")
    found = next((one for one in environments if one.slug == wanted), None)
    if slug and found is None:
        raise Http404
    return found or next(iter(environments), None)


def _page(found: Personnel) -> dict[str, Any]:
    counts = found.gap.counts
    return {
        "found": found,
        "headline": _headline(found),
        "band": found.gap.band.value,
        "reason": visible(found.gap.value.reason) if isinstance(found.gap.value, Unknown) else "",
        "days": found.window_s // DAY,
        "windows": [(name, label, found.window_s == length) for name, (length, label) in WINDOWS.items()],
        "counts": counts,
        "coverage": None if isinstance(found.gap.coverage, Unknown) else found.gap.coverage,
        "segments": _segments(found.gap),
        "table": found.table,
        "lines": _lines(found.table) if found.table else [],
        "columns": [(visible(one.name), _shippers(one)) for one in found.table.columns] if found.table else [],
        "shares": _behind(found),
        "chart": chart_of(found.trend(WEEKS), found.now),
        "step": found.step,
        "step_band": band_of(found.step.value).value if found.step else "",
    }


def _headline(found: Personnel) -> str:
    value, place = found.gap.value, found.environment.slug
    if found.mode == "off":
        return f"Who ships to {place} is not judged"
    if isinstance(value, Unknown):
        return f"Whether those who write also ship to {place} is not known"
    if not found.gap.counts.never:
        return f"Everybody who writes takes part in deploys of {place}"
    return f"{words.percent(value)} of commits are by people who take part in no deploy"


def _segments(gap: PersonnelGap) -> list[Segment]:
    """Shipped, never shipped and not known, as far as they may be told."""
    counts = gap.counts
    if not counts.enough or not counts.commits:
        return []
    parts = (
        ("ships", counts.shipped, "by people who also ship"),
        ("never", counts.never, "by people who never do"),
        ("open", counts.undecided, "by others, in deploys that nobody is known for"),
    )
    found, at = [], 0.0
    for look, commits, said in parts:
        width = WHOLE * commits / counts.commits
        if commits:
            text = f"{words.number(commits)} {said}"
            places = f"{at:.2f}%", f"{width:.2f}%", f"{at + 1:.2f}%"
            found.append(Segment(look, text, *places, width >= WHOLE * LEGIBLE))
        at += width
    return found


def _lines(table: Table) -> list[Line]:
    return [
        Line(
            visible(row.group.name),
            f"{words.plural(row.group.people, 'person', 'people')}, {words.plural(row.commits, 'commit')}",
            tuple(_cell(row, column, commits) for column, commits in zip(table.columns, row.cells, strict=True)),
            row.unknown,
        )
        for row in table.rows
    ]


def _cell(row: Row, column: Group, commits: int) -> Cell:
    share = commits / row.commits if row.commits else 0.0
    shade = round(share * SHADES)
    return Cell(visible(column.name), commits, words.percent(share), shade, row.group.name == column.name)


def _shippers(group: Group) -> str:
    people = words.plural(group.people, "person", "people")
    return f"{people} of {words.plural(group.teams, 'team')}" if group.teams > 1 else f"{people} ship"


def _behind(found: Personnel) -> list[Share]:
    counts = found.gap.counts
    shares = [
        ("Deploys without any of their authors", counts.uninvolved_share, counts.uninvolved, counts.judged),
        ("Deploys by the most frequent deployer", counts.top_share, counts.top, counts.attributed),
    ]
    told = [_share(*one) for one in shares]
    known = counts.attributed / counts.deploys if counts.deploys else None
    told.append(_share("Deploys with a known person", known, counts.attributed, counts.deploys))
    if counts.opaque:
        told.append(Share("Deploys whose commits are not known", words.number(counts.opaque), "left out"))
    told.append(Share("Commits by bots, left out", words.number(counts.bots), ""))
    merged = words.plural(found.linked, "person", "people")
    told.append(Share("Accounts linked by hand", merged, "the mailmap is applied before"))
    return told


def _share(name: str, value: float | None, part: int, whole: int) -> Share:
    if value is None:
        return Share(name, "not told", "too few deploys or authors")
    return Share(name, f"{words.number(part)} of {words.number(whole)}", words.percent(value))


def _you(found: Personnel, request: HttpRequest) -> dict[str, Any] | None:
    """What the person who asks is told of themselves."""
    person = asking_person(found.known, request.user)
    if person is None or found.mode == "off":
        return None
    you = found.you(person)
    return {"commits": words.plural(you.commits, "commit"), "wrote": you.commits > 0, "deploys": you}
