"""One drift: why, since when, what to change."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from paritycheck.core.damping import Event, flapping
from paritycheck.models import Drift, DriftEvent, Project
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.access import may_waive
from paritycheck.selectors.drift_detail import near, place_of
from paritycheck.selectors.drifts import events_of, find_drift
from paritycheck.selectors.lanes import lanes_of
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.policies import policy_of
from paritycheck.selectors.since import SKEW, Since, histories_of, since_of
from paritycheck.services.waivers import LOOKED_BACK
from paritycheck.web.access import of_project
from paritycheck.web.cells import SECTION_TITLES, shared
from paritycheck.web.evidence import Side, apart, line_to_change, sides_of
from paritycheck.web.lanes import drawn
from paritycheck.web.sentences import brief, consequence, marked, subject_of, title
from paritycheck.web.visible import visible
from paritycheck.web.waiving import WaiveForm, fresh_form, name_of, shown

STEPS = {
    "opened": ("circle-alert", "Opened as {}"),
    "changed": ("git-commit-horizontal", "Changed, still {}"),
    "worsened": ("trending-up", "Worsened to {}"),
    "resolved": ("circle-check", "Resolved"),
    "reopened": ("rotate-ccw", "Opened again as {}"),
    "waived": ("hourglass", "Waived"),
    "unwaived": ("rotate-ccw", "Counts again as {}"),
}
OVER = {
    "date": "the waiver's date came",
    "hand": "the waiver was ended",
    "changed": "a side changed",
    "worse": "worse than accepted",
    "removed": "the waiver is gone from parity.toml",
}
UNDO = timedelta(minutes=1)
"""How long ending a waiver is taking it back."""
ROLES = {
    "behind": ("code", "database"),
    "declared": ("declared", "running"),
    "not-installed": ("locked", "installed"),
    "not-locked": ("locked", "installed"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history."""

    icon: str
    text: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another drift in the same place."""

    drift: Drift
    severity: str
    text: str


def _step(drift: Drift, event: DriftEvent) -> Step:
    icon, text = STEPS.get(event.kind, ("circle", visible(event.kind)))
    note = _note(drift, event)
    if event.initial:
        note = f"{note}, found by the first comparison"
    return Step(icon, text.format(event.severity), note, event.at)


def _note(drift: Drift, event: DriftEvent) -> str:
    """What it showed; of a waiver why, and who."""
    if event.kind == "resolved":
        return ""
    if event.kind not in {"waived", "unwaived"}:
        return brief(subject_of(drift, event))
    why = visible(event.why) if event.kind == "waived" else OVER.get(event.why, "")
    return ", by ".join(filter(None, [why, visible(event.actor)]))


def _flapping(events: list[DriftEvent]) -> int:
    """How many changes in an hour made it flap; 0 while it does not."""
    told = [Event(event.pk, event.drift_id, event.kind, event.at) for event in events]
    return flapping(told, timezone.now())


def _since(project: Project, drift: Drift) -> dict[str, Any]:
    """Which snapshot brought it, its release's name made safe to show, and what both sides had over time."""
    if drift.rule == SKEW:
        return {}
    histories, now = histories_of(drift), timezone.now()
    found = since_of(project, drift, histories)
    since = found and replace(found, release=visible(found.release or "") or None)
    return {
        "since": since,
        "lanes": drawn(lanes_of(drift, histories, now), drift.section, since, now),
        "bisect": _bisect(drift, since) if since and since.before and drift.left_id != drift.right_id else None,
    }


def _bisect(drift: Drift, since: Since) -> dict[str, Any]:
    """Both states on either side of the move that parted them, and the query that compares what moved."""
    before = since.before or ("", "")
    moved = int(since.environment == drift.right.slug)
    after = tuple(since.snapshot if side == moved else before[side] for side in (0, 1))
    query = urlencode({"left": before[moved], "right": since.snapshot})
    return {"before": before, "after": after, "query": query}


def glyph_of(drift: Drift) -> str:
    """The sign between the two sides."""
    if shared(drift):
        return "same"
    lacking = "absent" in {drift.left_side.get("state"), drift.right_side.get("state")}
    return "missing" if lacking else "different"


def _named(drift: Drift) -> dict[str, Any]:
    """What the drift is called."""
    subject = subject_of(drift)
    looks = {DriftState.WAIVED: "waived", DriftState.RESOLVED: "ok"}
    return {
        "band": looks.get(DriftState(drift.state), drift.severity),
        "band_words": drift.severity if drift.state == DriftState.OPEN else drift.state,
        "title": title(subject),
        "title_html": marked(subject),
        "consequence": consequence(subject),
        "section_title": SECTION_TITLES.get(drift.section, drift.section),
        "full_name": visible(f"{drift.section}/{drift.name}:{drift.rule}"),
        "also": [visible(each) for each in drift.also],
    }


def _seen(drift: Drift) -> dict[str, Any]:
    """Its evidence: both sides, the sign and the distance between them, and the line that would end it."""
    inside, sides = drift.left_id == drift.right_id, sides_of(drift)
    return {
        "sides": sides,
        "roles": ROLES.get(drift.rule, ("", "")) if inside else ("", ""),
        "one_sided": inside and drift.rule not in ROLES,
        "glyph": glyph_of(drift),
        "apart": "" if shared(drift) else apart(drift),
        "change": line_to_change(sides),
        "compared": "" if inside or not all(side.number for side in sides) else _compared(sides),
    }


def _compared(sides: tuple[Side, ...]) -> str:
    """The query of the page that compares everything of both snapshots."""
    left, right = (f"{side.environment}#{side.number}" for side in sides)
    return urlencode({"left": left, "right": right})


@require_safe
@of_project
def drift(request: HttpRequest, project: Project, prefix: str) -> HttpResponse:
    """Sentence, evidence, line to change, history."""
    found = find_drift(project, prefix)
    if found is None:
        raise Http404
    return page_of(request, project, found)


def page_of(
    request: HttpRequest, project: Project, found: Drift, form: WaiveForm | None = None, status: int = 200
) -> HttpResponse:
    """A drift's page; with a form that was sent it shows that one."""
    version = version_of([project.id])
    place = place_of(found)
    events = events_of(found)
    context = {
        "project": project,
        "tab": "matrix",
        "here": reverse("web:drift", args=[project.slug, found.id[:10]]),
        "version": version,
        "drift": found,
        "flapping": _flapping(events),
        **_since(project, found),
        **_waiving(request, project, found, form, events),
        "place": place,
        "open_drifts": place.total,
        "steps": [_step(found, event) for event in events],
        "near": [Neighbour(each, each.severity, brief(subject_of(each))) for each in near(found)],
        "policy_version": project.policy_version if project.policy_id else 0,
        "owner": found.owner or policy_of(project).owner(found.section, found.name) or "",
        **_named(found),
        **_seen(found),
    }
    return render(request, "web/drift/page.html", context, status=status)


def _waiving(
    request: HttpRequest, project: Project, found: Drift, form: WaiveForm | None, events: list[DriftEvent]
) -> dict[str, Any]:
    """The waiver that covers it, or the form to make one, for those who may."""
    allowed = may_waive(request.user, project)
    if found.state == DriftState.WAIVED and found.waiver:
        waiver = shown(found.waiver)
        just_now = waiver.made_at is not None and timezone.now() - waiver.made_at < UNDO
        return {"waiver": waiver, "may_waive": allowed, "undo": just_now}
    if found.state != DriftState.OPEN or not allowed:
        return {}
    fresh = replace(fresh_form(request, name_of(found)), hides=1, past=_came(events))
    return {"form": form or fresh, "may_waive": True}


def _came(events: list[DriftEvent]) -> int:
    """How often it opened in the last 90 days, as the preview of its waiver says it."""
    since = timezone.now() - LOOKED_BACK
    return max(1, sum(event.kind in {"opened", "reopened"} and event.at > since for event in events))
