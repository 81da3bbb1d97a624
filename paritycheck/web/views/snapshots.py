"""One snapshot: what it changed, and everything it holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from paritycheck.core.facts import Fact, Section
from paritycheck.core.natural import natural
from paritycheck.models import Environment, Project, Snapshot
from paritycheck.selectors.history import around, moves
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.states import evidence_of, fetch_bodies, side_of
from paritycheck.web.access import of_project
from paritycheck.web.cells import SECTION_TITLES
from paritycheck.web.evidence import Source, sources_of
from paritycheck.web.facts import name_parts, reason_words, value_words
from paritycheck.web.moves import changed_of, place_of
from paritycheck.web.views.environments import environment_of
from paritycheck.web.visible import visible

MOST_FACTS = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """One fact of a snapshot."""

    prefix: str
    name: str
    value: str
    state: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One section of a snapshot: its facts from `after` on."""

    name: str
    title: str
    total: int
    reason: str
    facts: tuple[Shown, ...]
    more_after: str


@require_safe
@of_project
def snapshot(request: HttpRequest, project: Project, environment_slug: str, number: str) -> HttpResponse:
    """One snapshot: what it changed, and everything it holds."""
    version = version_of([project.id])
    found = environment_of(project, environment_slug)
    try:
        current, before, after = around(found, int(number))
    except Snapshot.DoesNotExist:
        raise Http404 from None
    changed = changed_of(moves(before, current))
    text, chosen = request.GET.get("q", "").strip()[:100], request.GET.get("section", "")
    context = {
        "project": project,
        "tab": "environments",
        "version": version,
        "environment": found,
        "snapshot": current,
        "latest": found.latest and found.latest.number == current.number,
        "before": before,
        "after": after,
        "changed": changed[:MOST_FACTS],
        "changed_total": len(changed),
        "chapters": _chapters(found, current, chosen, text, request.GET.get("after", "")[:512]),
        "chosen": chosen,
        "text": text,
    }
    return render(request, "web/environment/snapshot.html", context)


def _chapters(environment: Environment, snapshot: Snapshot, chosen: str, text: str, after: str) -> list[Chapter]:
    """Sections in order; facts only of the chosen one, or of all where a text is looked for."""
    fetch_bodies(snapshot.project_id, [snapshot])
    side = side_of(snapshot, environment)
    names = sorted(side.sections, key=place_of)
    return [_chapter(snapshot, side.section(name), text, after, wanted=bool(text) or name == chosen) for name in names]


def _chapter(snapshot: Snapshot, section: Section, text: str, after: str, *, wanted: bool) -> Chapter:
    matching = _matching(section.facts.values(), text, after) if wanted else []
    shown = matching[:MOST_FACTS]
    proof = evidence_of(snapshot, section.name) if shown else {}
    return Chapter(
        section.name,
        SECTION_TITLES.get(section.name, section.name),
        len(section.facts),
        reason_words(section.reason) if section.reason else "",
        tuple(_shown(section.name, fact, proof.get(fact.name, {}).get("sources", ())) for fact in shown),
        shown[-1].name if len(matching) > len(shown) else "",
    )


def _matching(facts: Iterable[Fact], text: str, after: str) -> list[Fact]:
    wanted = text.casefold()
    every = sorted((fact for fact in facts if natural(fact.name) > natural(after)), key=lambda fact: natural(fact.name))
    return [fact for fact in every if wanted in fact.name.casefold().replace("%40", "@")]


def _shown(section: str, fact: Fact, sources: Iterable[Any]) -> Shown:
    prefix, name = name_parts(section, fact.name)
    value = visible(value_words(section, fact, with_kind=section == "services"))
    return Shown(prefix, visible(name), value, fact.state.value, sources_of(sources))
