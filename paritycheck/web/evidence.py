"""Both sides of a finding: value, where it was read, when, and what differs between them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from paritycheck.core.facts import Fact, State
from paritycheck.models import Drift, Environment
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.columns import Column
from paritycheck.selectors.lines import Spot
from paritycheck.selectors.matrix import Matrix
from paritycheck.selectors.states import UNKNOWN_AFTER, evidence_of, read_times
from paritycheck.web import words
from paritycheck.web.cells import look_of, shared
from paritycheck.web.facts import fact_of, rule_words, value_words
from paritycheck.web.visible import visible

PIECE = re.compile(r"[0-9A-Za-z]+|[^0-9A-Za-z]+")
AT_LINE = re.compile(r"(?P<path>[^:]+):(?P<line>\d{1,7})")
LONG = 24
VIA = {
    "handshake": "server handshake",
    "auth": "a signed-in session",
    "inferred": "what the server answers",
    "declared": "declaration only",
    "scheme": "scheme of the URL only",
}
READ_FROM = {
    "env": "process environment",
    "installed": "what is installed",
    "probe": "asking the service",
    "docker": "Docker",
    "kubernetes": "Kubernetes",
    "ci": "CI variables",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value was read; a file keeps its path and line."""

    text: str
    file: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One side. `before`, `part` and `after` are its value, cut where it begins to differ from the other side's."""

    environment: str
    tier: str
    kind: str
    number: int
    state: str
    before: str
    part: str
    after: str
    sources: tuple[Source, ...]
    details: tuple[tuple[str, str], ...]
    read_at: datetime | None

    @property
    def long(self) -> bool:
        """Whether the value needs smaller letters."""
        return len(self.before) + len(self.part) + len(self.after) > LONG

    @property
    def stale(self) -> bool:
        """Whether nobody confirmed it for so long that it is the last value known and no more."""
        return self.read_at is not None and timezone.now() - self.read_at > UNKNOWN_AFTER


def split(mine: str, theirs: str) -> tuple[str, str, str]:
    """The value around its first piece that the other value does not have there."""
    one, other = PIECE.findall(mine), PIECE.findall(theirs)
    for at, piece in enumerate(one):
        if at >= len(other) or piece != other[at]:
            return "".join(one[:at]), piece, "".join(one[at + 1 :])
    return mine, "", ""


def sources_of(raw: Iterable[Any]) -> tuple[Source, ...]:
    """Sources as people read them, at most eight."""
    texts = [visible(each) for each in raw][:8]
    return tuple(Source(READ_FROM.get(text, text), text not in READ_FROM) for text in texts)


def sides_of(drift: Drift) -> tuple[Side, ...]:
    """Left and right; what an environment says against itself has two sides too, by rule: declared and running."""
    one, other = fact_of(drift.left_side), fact_of(drift.right_side)
    documents = (
        (drift.left, _now(drift, drift.left, drift.left_side), one, other),
        (drift.right, _now(drift, drift.right, drift.right_side), other, one),
    )
    return tuple(
        side_of(environment, drift.section, mine, theirs, document, same=shared(drift))
        for environment, document, mine, theirs in documents
    )


def _now(drift: Drift, environment: Environment, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a side showed last; while the drift lives it still shows it, so where and when it was read is of now."""
    snapshot = environment.latest
    if drift.state == DriftState.RESOLVED or snapshot is None:
        return document
    found = evidence_of(snapshot, drift.section).get(str(document.get("name", drift.name)), {})
    at = read_times(environment).get(drift.section)
    return {
        **document,
        "snapshot": f"{environment.slug}#{snapshot.number}",
        "sources": found.get("sources") or document.get("sources", ()),
        "read_at": at.isoformat() if at else document.get("read_at"),
    }


def side_of(
    environment: Environment, section: str, mine: Fact, theirs: Fact, document: Mapping[str, Any], *, same: bool = False
) -> Side:
    """One side of a stored drift."""
    with_kind = mine.kind != theirs.kind
    value = visible(value_words(section, mine, with_kind=with_kind))
    other = visible(value_words(section, theirs, with_kind=with_kind))
    known = mine.state is theirs.state is State.PRESENT
    before, part, after = split(value, other) if known and not same else (value, "", "")
    _, _, number = str(document.get("snapshot", "")).rpartition("#")
    return Side(
        environment=environment.slug,
        tier=environment.tier,
        kind=environment.kind,
        number=int(number) if number.isdecimal() else 0,
        state=_state(mine),
        before="missing" if mine.state is State.ABSENT else before,
        part=part,
        after=after,
        sources=sources_of(document.get("sources", ())),
        details=details_of(section, mine),
        read_at=datetime.fromisoformat(document["read_at"]) if document.get("read_at") else None,
    )


def _state(fact: Fact) -> str:
    return {State.ABSENT: "missing", State.UNKNOWN: "unknown"}.get(fact.state, "present")


def details_of(section: str, fact: Fact) -> tuple[tuple[str, str], ...]:
    """What else is known of a fact, in label and words."""
    rows = [
        ("Kind", fact.kind if section == "services" else None),
        ("Variant", fact.word("variant")),
        ("Configured by", ", ".join(fact.words("keys"))),
        ("Confirmed by", VIA.get(fact.word("via") or "")),
        ("Declared", fact.word("declared")),
        ("Support", fact.word("support")),
        ("Announced at", fact.word("support_source")),
        ("Locked", fact.word("locked")),
        ("Scope", fact.word("scope")),
        ("Groups", ", ".join(fact.words("groups"))),
        ("Shape", _shape(fact)),
        ("Length", fact.word("length")),
        *_said(section, fact),
    ]
    return tuple((visible(label), visible(text)) for label, text in rows if text)


def _said(section: str, fact: Fact) -> Iterator[tuple[str, str]]:
    """Who of an environment says what, where its instances disagree."""
    for said in fact.members.get("said", ()):
        who = ", ".join(said["instances"])
        more = said["count"] - len(said["instances"])
        one = fact_of({**said, "value": said["value"] or None})
        yield f"{who} and {more} more" if more > 0 else who, value_words(section, one, with_kind=True)


def _shape(fact: Fact) -> str:
    parts = [fact.word("shape"), fact.word("scheme"), fact.word("host")]
    return ", ".join(part for part in parts if part)


STEPS = {1: "patch", 2: "minor", 3: "major"}


def apart(drift: Drift) -> str:
    """How far the sides are apart: `3 majors`, else the greatest step that differs."""
    if drift.rule == "behind":
        return ""  # migrations have no majors
    word = STEPS.get(drift.distance or 0, "another kind" if drift.distance and drift.rule == "kind" else "")
    one, other = (fact_of(side).value or "" for side in (drift.left_side, drift.right_side))
    at = len(STEPS) - (drift.distance or 0)
    mine, theirs = one.split("."), other.split(".")
    if word not in STEPS.values() or min(len(mine), len(theirs)) <= at or mine[:at] != theirs[:at]:
        return word
    numbers = mine[at], theirs[at]
    if not all(number.isdecimal() for number in numbers) or numbers[0] == numbers[1]:
        return f"one {word}"
    return words.plural(abs(int(numbers[0]) - int(numbers[1])), word, "patches" if word == "patch" else "")


@dataclass(frozen=True, slots=True)
class Change:
    """The line that would end a drift, as far as the reported value tells."""

    environment: str
    path: str
    line: int
    now: str
    then: str


def line_to_change(sides: tuple[Side, ...]) -> Change | None:
    """Where the left side's value stands in a file, and what the baseline has instead."""
    left, right = sides[0], sides[-1]
    if left.state != "present" or right.state != "present" or left.environment == right.environment:
        return None
    found = next((AT_LINE.fullmatch(source.text) for source in left.sources if source.file), None)
    now, then = (side.before + side.part + side.after for side in (left, right))
    if found is None or now == then:
        return None
    return Change(left.environment, found["path"], int(found["line"]), now, then)


@dataclass(frozen=True, slots=True)
class CellEvidence:
    """What the popover of a cell tells: the drifts there, and its side next to the baseline's."""

    name: str
    section: str
    look: str
    glyph: str
    words: str
    drift: Drift | None
    drift_url: str
    sides: tuple[Side, ...]

    @property
    def open(self) -> bool:
        """Whether there is something to waive."""
        return self.drift is not None and self.drift.state == DriftState.OPEN


def evidence_of_cell(matrix: Matrix, column: Column, section: str, name: str) -> CellEvidence:
    """One cell and its baseline; the cell alone where it is the baseline's."""
    line = matrix.line(section, name)
    spot = next(spot for spot in line.spots if spot.column is column)
    base = next((spot for spot in line.spots if spot.column.baseline), spot)
    worst = spot.drifts[0] if spot.drifts else None
    return CellEvidence(
        name=visible(name),
        section=section,
        look=worst.severity if worst else _state(spot.fact),
        glyph=look_of(spot, worst)[1],
        words=rule_words(worst.rule) if worst else _relation_words(spot),
        drift=worst,
        drift_url=reverse("web:drift", args=[matrix.project.slug, worst.id[:10]]) if worst else "",
        sides=tuple(_spot_side(matrix, section, each, base, spot) for each in dict.fromkeys((spot, base))),
    )


def _relation_words(spot: Spot) -> str:
    if spot.column.baseline:
        return "is the baseline"
    if spot.relation is None:
        return "is not compared here"
    return {"same": "is the same", "unknown": "is unknown"}.get(spot.relation.value, "differs within policy")


def _spot_side(matrix: Matrix, section: str, mine: Spot, base: Spot, cell: Spot) -> Side:
    other = base if mine is cell else cell
    snapshot = mine.column.snapshot
    found = evidence_of(snapshot, section).get(mine.fact.name, {}) if snapshot else {}
    times = matrix.read_times.get(mine.column.slug, {})
    document = {
        "sources": found.get("sources", ()),
        "snapshot": f"{mine.column.slug}#{snapshot.number}" if snapshot else "",
        "read_at": times[section].isoformat() if section in times else None,
    }
    return side_of(mine.column.environment, section, mine.fact, other.fact, document)
