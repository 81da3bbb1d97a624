"""One environment: who reports and whether they agree, how fresh each section is, and its history to go through."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from paritycheck.core.facts import Fact, Side
from paritycheck.core.freshness import Pulse, fresh
from paritycheck.core.merge import Tally
from paritycheck.models import Environment, Instance, Project, Snapshot
from paritycheck.models.projects import EnvironmentKind
from paritycheck.selectors.agreement import Agreement, Split, agreement_of
from paritycheck.selectors.columns import in_order
from paritycheck.selectors.history import Bar, SectionState, bars, moves, recent, section_states
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.policies import policy_of
from paritycheck.selectors.states import read_times, side_of, stale_sections
from paritycheck.web import words
from paritycheck.web.access import of_project
from paritycheck.web.bars import drawn, tallest_of, told_of
from paritycheck.web.facts import name_parts, reason_words, value_words
from paritycheck.web.moves import changed_of, place_of
from paritycheck.web.views.environments import environment_of
from paritycheck.web.visible import visible

MOST_INSTANCES = 100
MOST_CHANGED = 12
MOST_SPLITS = 12
MOST_KEYS = 3


@dataclass(frozen=True, slots=True)
class Reporter:
    """One instance; `state` is reports, silent or retired; `apart` is on how many facts it differs from the most."""

    instance: Instance
    state: str
    every: str
    apart: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One fact on which instances do not agree: each value and who says so."""

    prefix: str
    name: str
    said: tuple[tuple[str, str], ...]


@require_safe
@of_project
def environment(request: HttpRequest, project: Project, environment_slug: str) -> HttpResponse:
    """`at` is the number of the snapshot whose changes are shown, the newest unless asked for."""
    version, now = version_of([project.id]), timezone.now()
    found = environment_of(project, environment_slug)
    context: dict[str, Any] = {
        "project": project,
        "tab": "environments",
        "version": version,
        "environment": found,
        "others": in_order(project.environments.filter(expired_at=None), project.baseline_id),
        "base": project.baseline,
    }
    snapshots = recent(found)
    if snapshots:
        side = side_of(snapshots[0], found)
        context |= {
            "latest": snapshots[0],
            "release": _release(side),
            **_reporting(found, side, now),
            **_sections(found, snapshots, side, now),
            **_history(found, snapshots, request.GET.get("at", "")),
        }
    return render(request, "web/environment/page.html", context)


def _reporting(environment: Environment, side: Side, now: datetime) -> dict[str, Any]:
    """Who reports, and whether they agree. A cohort is one population, in which everybody may differ."""
    rows = list(environment.instances.order_by("retired_at", "key")[:MOST_INSTANCES])
    live = [row for row in rows if row.retired_at is None]
    keys = fresh([Pulse(row.key, row.kind, row.last_seen, row.interval_s) for row in live], now)
    agreement = agreement_of(environment, side, [row for row in live if row.key in keys])
    reporters = [_reporter(row, keys, agreement) for row in rows]
    cohort = environment.kind == EnvironmentKind.COHORT
    return {
        "reporters": reporters,
        "reporting": len(keys),
        "agreed": "" if cohort else _agreed(agreement, len(keys)),
        "splits": [_disagreement(split) for split in agreement.splits[:MOST_SPLITS]],
        "more_splits": len(agreement.splits[MOST_SPLITS:]),
        "answer": _answer(environment, agreement, len(keys), cohort=cohort),
    }


def _reporter(row: Instance, keys: frozenset[str], agreement: Agreement) -> Reporter:
    state = "retired" if row.retired_at is not None else "reports" if row.key in keys else "silent"
    every = words.duration(row.interval_s) if row.interval_s else "once"
    return Reporter(row, state, every, agreement.apart[row.key])


def _agreed(agreement: Agreement, reporting: int) -> str:
    if reporting < 2:  # noqa: PLR2004  one alone agrees with nobody
        return ""
    same = words.number(agreement.facts - len(agreement.splits))
    return f"they agree on {same} of {words.plural(agreement.facts, 'fact')}"


def _answer(environment: Environment, agreement: Agreement, reporting: int, *, cohort: bool) -> str:
    """The page's first sentence: who reports what, and on how much of it they agree."""
    who = "laptop" if cohort else "instance"
    verb = "reports" if reporting == 1 else "report"
    facts = words.plural(agreement.facts, "fact")
    if not reporting:
        return f"Nobody reports from {environment.slug} now. Shown is what was reported last, {facts}."
    said = f"{words.plural(reporting, who)} {verb} {facts}"
    if cohort or reporting == 1:
        return f"{said}."
    if not agreement.splits:
        return f"{said} and {'both' if reporting == 2 else 'all'} agree."  # noqa: PLR2004  two are both
    return f"{said} and disagree on {words.number(len(agreement.splits))}."


def _disagreement(split: Split) -> Disagreement:
    prefix, name = name_parts(split.section, split.name)
    return Disagreement(prefix, visible(name), tuple(_said(split, tally) for tally in split.tallies))


def _said(split: Split, tally: Tally) -> tuple[str, str]:
    fact = Fact(split.name, tally.state, tally.values, tally.kind)
    return visible(value_words(split.section, fact, with_kind=True)), words.listed(list(tally.instances), MOST_KEYS)


def _sections(environment: Environment, snapshots: Sequence[Snapshot], side: Side, now: datetime) -> dict[str, Any]:
    """What was read, since when it is unchanged, and whether anybody still confirms it."""
    times = read_times(environment)
    after = timedelta(seconds=policy_of(environment.project).unknown_after_s)
    states: list[SectionState] = section_states(snapshots, side, times)
    return {
        "sections": [
            (state, reason_words(state.reason) if state.reason else "")
            for state in sorted(states, key=lambda state: place_of(state.name))
        ],
        "stale": stale_sections(times, now=now, after=after),
    }


def _history(environment: Environment, snapshots: Sequence[Snapshot], asked: str) -> dict[str, Any]:
    """The bars, the chosen one with its neighbours, and what it changed."""
    history = bars(environment, snapshots) or [Bar(snapshots[0], None)]
    chosen = _chosen(history, asked)
    at = history.index(chosen)
    slugs = environment.project.slug, environment.slug
    drawings = drawn(*slugs, history, chosen.snapshot.number)
    before = next((one for one in snapshots if one.number < chosen.snapshot.number), None)
    found = changed_of(moves(before, chosen.snapshot))
    return {
        "bars": drawings,
        "tallest": tallest_of(history),
        "position": at,
        "last": len(history) - 1,
        "oldest": history[0].snapshot,
        "chosen": chosen.snapshot,
        "told": told_of(chosen),
        "earlier": drawings[at - 1].url if at else "",
        "later": drawings[at + 1].url if at + 1 < len(drawings) else "",
        "changed": found[:MOST_CHANGED],
        "more_changed": len(found[MOST_CHANGED:]),
        "history": history[::-1],
    }


def _chosen(history: Sequence[Bar], asked: str) -> Bar:
    """The bar of that number, else the newest before it; the newest of all where nothing is asked for."""
    if not asked.isdecimal() or not asked.isascii():
        return history[-1]
    wanted = int(asked[:9])
    return next((bar for bar in reversed(history) if bar.snapshot.number <= wanted), history[0])


def _release(side: Side) -> dict[str, str]:
    """Commit, branch and tag as the release section tells them."""
    section = side.section("release")
    told = {name: visible(section.look_up(name).value or "") for name in ("commit", "branch", "tag", "dirty")}
    return {**told, "label": told["tag"] or told["branch"]}
