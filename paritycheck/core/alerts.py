"""The message about what happened to drifts of one pair."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from paritycheck.core.findings import SEVERITIES
from paritycheck.core.labels import capital, counted, plural, uncapital
from paritycheck.core.message import ALERT, Block, Message, Row
from paritycheck.core.natural import natural
from paritycheck.core.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ROWS: Final = 20
"""Rows a message lists; a deploy that moves 500 packages is one number and a link, not 500 lines."""
LONGEST_SUBJECT: Final = 150
_WORDS: Final = {
    "opened": "new",
    "worsened": "worse",
    "reopened": "back",
    "flapping": "flapping",
    "resolved": "resolved",
}
_HEADINGS: Final = {
    "opened": "New",
    "worsened": "Worse than before",
    "reopened": "Back",
    "flapping": "Changing back and forth",
    "resolved": "Resolved",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happened: slugs of project and environments (both the same for a look inside one), the page of the
    project; `initial` for the first evaluation of the pair.
    """

    project: str
    left: str
    right: str
    url: str
    initial: bool = False

    @property
    def names(self) -> str:
        return self.left if self.left == self.right else f"{self.left} and {self.right}"


def subject_line(project: str, word: str, sentence: str) -> str:
    """`[shop] error: ci runs PostgreSQL 13, production runs 16`: one harmless line of at most 150 characters."""
    return plain(f"[{project}] {word}: {sentence}", LONGEST_SUBJECT)


def worst(rows: Sequence[Row]) -> str:
    """The worst severity among rows that are not resolved; `resolved` where all are."""
    found = {row.severity for row in rows if row.change != "resolved"}
    return next((severity for severity in reversed(SEVERITIES) if severity in found), "resolved")


def order(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Worst first, then by section and name."""
    return tuple(sorted(rows, key=lambda row: (-SEVERITIES.index(row.severity), row.section, natural(row.name))))


def alert(place: Place, rows: Sequence[Row]) -> Message:
    """One message for a pair's rows, of which there is at least one."""
    severity = worst(rows)
    return _single(place, rows[0], severity) if len(rows) == 1 else _several(place, order(rows), severity)


def _single(place: Place, row: Row, severity: str) -> Message:
    word = row.change if row.change in {"flapping", "resolved"} else severity
    waive = {} if row.change == "resolved" else {"waive": f"{row.url}/waive"}
    return Message(
        kind=ALERT,
        project=place.project,
        pair=f"{place.left}..{place.right}",
        severity=severity,
        badge=word if word == "resolved" else f"{severity}, {_WORDS[row.change]}",
        subject=subject_line(place.project, word, uncapital(row.sentence)),
        title=row.sentence,
        lead=row.consequence,
        links={"project": place.url, "drift": row.url, **waive, "settings": settings_link(place.url)},
        why=member_of(place.project),
        focus=row,
    )


def _several(place: Place, rows: tuple[Row, ...], severity: str) -> Message:
    title = _title(place, rows)
    return Message(
        kind=ALERT,
        project=place.project,
        pair=f"{place.left}..{place.right}",
        severity=severity,
        badge=severity if place.initial or severity == "resolved" else f"{severity}, {_first_word(rows)}",
        subject=subject_line(place.project, severity, _headline(place, rows, title)),
        title=title[0].upper() + title[1:] if place.initial else capital(title),
        lead=_lead(rows),
        links={"project": place.url, "settings": settings_link(place.url)},
        why=member_of(place.project),
        blocks=blocks(rows),
    )


def _headline(place: Place, rows: Sequence[Row], title: str) -> str:
    """The worst drift and how many more, where something is bad now; what is counted stands in the title."""
    bad = next((row for row in rows if row.change not in {"resolved", "flapping"}), None)
    if bad is None or place.initial:
        return title
    where = f"in {place.left}" if place.left == place.right else f"between {place.names}"
    return f"{uncapital(bad.sentence)}, and {len(rows) - 1:,} more {where}"


def _first_word(rows: Sequence[Row]) -> str:
    changes = {row.change for row in rows}
    return next(word for change, word in _WORDS.items() if change in changes)


def _title(place: Place, rows: Sequence[Row]) -> str:
    changes = Counter(row.change for row in rows)
    if place.initial and set(changes) == {"opened"}:
        return f"first look at {place.names}: {plural(len(rows), 'drift')}"
    if len(changes) == 1:
        return f"{place.names}: {len(rows):,} drifts {_WORDS[rows[0].change]}".replace("drifts new", "new drifts")
    said = [f"{changes[change]:,} {word}" for change, word in _WORDS.items() if changes[change]]
    return f"{place.names}: {', '.join(said)}"


def _lead(rows: Sequence[Row]) -> str:
    """How bad, and where."""
    severities = Counter(row.severity for row in rows if row.change != "resolved")
    sections = Counter(row.section for row in rows)
    bad = counted({severity: severities[severity] for severity in reversed(SEVERITIES)})
    where = ", ".join(f"{section} {count:,}" for section, count in sections.most_common(4))
    return f"{bad}. By section: {where}." if bad else f"By section: {where}."


def blocks(rows: Sequence[Row]) -> tuple[Block, ...]:
    """A list for each kind of change, MOST_ROWS rows in all; what is left out is counted."""
    found = []
    left = MOST_ROWS
    for change, heading in _HEADINGS.items():
        mine = [row for row in rows if row.change == change]
        if mine:
            found.append(block(heading, mine, max(left, 1)))
            left -= len(found[-1].rows)
    return tuple(found)


def block(heading: str, rows: Sequence[Row], most: int) -> Block:
    """The first `most` rows under `New, 4`."""
    rest = len(rows) - most
    more = f"and {rest:,} more" if rest > 0 else ""
    return Block(f"{heading}, {len(rows):,}", tuple(rows[:most]), more)


def member_of(project: str) -> str:
    """Why somebody gets what no subscription names."""
    return f"You get this because you are a member of {project}."


def settings_link(project_url: str) -> str:
    """The page on which people change what they get."""
    return f"{project_url}/alerts/subscriptions"
