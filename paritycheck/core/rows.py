"""A drift as a row of a message."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from paritycheck.core.consequences import consequence
from paritycheck.core.labels import capital, plural, short_name
from paritycheck.core.message import Row, Seen
from paritycheck.core.plain import plain
from paritycheck.core.sentences import Subject, View, brief, sentence

OPEN: Final = "open"
LONGEST_NAME: Final = 120
SHOWN_SHA: Final = 7
NAMELESS: Final = "(a name that cannot be shown)"
_INSIDE_LABELS: Final = {
    "behind": ("code", "database"),
    "declared": ("declared", "runs"),
    "not-installed": ("locked", "installed"),
    "not-locked": ("locked", "installed"),
}
_SHARED: Final = frozenset({"shared-secret", "shared-resource"})
_SOURCES: Final = {
    "env": "the process environment",
    "installed": "what is installed",
    "probe": "a live probe",
    "docker": "Docker",
    "kubernetes": "Kubernetes",
    "ci": "CI variables",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """The deploy that brought a drift: the snapshot that first shows it, its release and commit with its subject where
    these are known, and how many commits came with it. `exact` is False where it may be older.
    """

    environment: str
    snapshot: str
    at: datetime
    release: str = ""
    commit: str = ""
    title: str = ""
    commits: int | None = None
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a drift: `change` as in `Row`, `at` when; `changes` counts those of the last hour where it
    flaps, and `is_open` tells how that stands now. `origin` is what brought it, where it was looked for.
    """

    change: str
    at: datetime
    opened_at: datetime
    severity: str
    is_open: bool = True
    changes: int = 1
    owner: str = ""
    origin: Origin | None = None


def moment(at: datetime) -> str:
    """`20 Nov, 16:41 UTC`, of an instant in UTC."""
    return f"{at.day} {at:%b, %H:%M} UTC"


def weekday_moment(at: datetime) -> str:
    """`Fri 20 Nov, 16:41 UTC`."""
    return f"{at:%a} {moment(at)}"


def row(drift: Subject, step: Step, url: str) -> Row:
    """The row, with every text plain: of what came from an agent nothing is left that could break a line."""
    name = plain(drift.name, LONGEST_NAME) or NAMELESS
    drift = replace(drift, name=short_name(drift.section, name))
    said = sentence(drift)
    return Row(
        change=step.change,
        severity=step.severity,
        section=drift.section,
        name=name,
        brief=_brief(drift, step),
        sentence=capital(_sentence(drift, step, said)),
        consequence=_consequence(drift, step, said),
        note=_note(step),
        key=f"{drift.section}/{name}:{drift.rule}",
        expectation=drift.expectation,
        sides=_sides(drift, loud=step.change != "resolved"),
        url=url,
        since=_since(step),
        by=_by(step.origin) if step.origin else "",
        commit=_short(step.origin) if step.origin else "",
    )


def _sentence(drift: Subject, step: Step, said: str) -> str:
    if step.change == "resolved":
        return f"{drift.name} no longer drifts"
    if step.change == "flapping":
        return f"{drift.name} changes back and forth, {step.changes} times in an hour"
    return said


def _brief(drift: Subject, step: Step) -> str:
    said = brief(drift)
    if step.change == "flapping":
        return f"{step.changes} changes in an hour, {'open' if step.is_open else 'resolved'} now: {said}"
    return said


def _consequence(drift: Subject, step: Step, said: str) -> str:
    if step.change == "resolved":
        return f"It was: {said}."
    if step.change == "flapping":
        now = "open" if step.is_open else "resolved"
        return f"It is {now} now. No more mail about it until it stays the same for 30 min."
    return capital(consequence(drift))


def _since(step: Step) -> str:
    if step.change == "resolved":
        return f"Open from {weekday_moment(step.opened_at)}, to {weekday_moment(step.at)}"
    return f"Since {weekday_moment(step.opened_at)}" if step.origin is None else _deploy(step.origin)


def _deploy(origin: Origin) -> str:
    """`Since release 2026.11.4 on staging, Fri 20 Nov, 16:41 UTC`."""
    release, since = plain(origin.release, LONGEST_NAME), "Since" if origin.exact else "At least since"
    where_it_is = f"release {release} on {origin.environment}" if release else f"snapshot {origin.snapshot}"
    return f"{since} {where_it_is}, {weekday_moment(origin.at)}"


def _short(origin: Origin) -> str:
    return plain(origin.commit, SHOWN_SHA * 2)[:SHOWN_SHA]


def _by(origin: Origin) -> str:
    """Which change: of one commit it is that one; several share the guilt, and with none it is not the code."""
    named = " ".join(filter(None, [_short(origin), plain(origin.title, LONGEST_NAME)]))
    if not named or not origin.exact:
        return ""
    if origin.commits == 0:
        return f"At commit {named}, which ran before as well"
    if origin.commits == 1:
        return f"By commit {named}"
    many = f"With {plural(origin.commits, 'commit')}, the last" if origin.commits else "With commit"
    return f"{many} {named}"


def _note(step: Step) -> str:
    what = f"resolved {moment(step.at)}" if step.change == "resolved" else f"since {moment(step.opened_at)}"
    if step.origin is not None:
        what = _deploy(step.origin)
        what = f"{what[0].lower()}{what[1:]}"
    owner = plain(step.owner, LONGEST_NAME)
    return f"{owner}, {what}" if owner else what


def _sides(drift: Subject, *, loud: bool) -> tuple[Seen, ...]:
    """With what is resolved nothing is marked: it shows what was."""
    sides = _marked(drift)
    return sides if loud else tuple(replace(side, mark="") for side in sides)


def _marked(drift: Subject) -> tuple[Seen, ...]:
    left, right = drift.left, drift.right
    if drift.inside:
        labels = _INSIDE_LABELS.get(drift.rule)
        if labels is None:
            return (_seen(right, right.environment, "unknown" if right.state == "unknown" else ""),)
        return (_seen(left, labels[0], ""), _seen(right, labels[1], _mark(drift, right, left)))
    mine = _seen(left, left.environment, _mark(drift, left, right))
    theirs = _seen(right, right.environment, _mark(drift, right, left, baseline=True))
    return (mine, theirs)


def _seen(side: View, label: str, mark: str) -> Seen:
    text = "shared" if mark == "shared" and not side.kind else side.word
    if side.kind and side.state == "present":
        text = side.thing
    return Seen(label, text, mark, _SOURCES.get(side.source, side.source), _read_at(side.read_at), side.snapshot)


def _read_at(stored: str) -> str:
    try:
        return moment(datetime.fromisoformat(stored).astimezone(UTC))
    except ValueError:
        return ""


def _mark(drift: Subject, side: View, other: View, *, baseline: bool = False) -> str:
    """How a side relates to the other; the baseline stands unmarked unless it is the one that lacks something."""
    if side.state == "absent":
        return "missing"
    if side.state == "unknown":
        return "unknown"
    if drift.rule in _SHARED:
        return "shared"
    if other.state == "absent":
        return "same"
    return "" if baseline else "different"
