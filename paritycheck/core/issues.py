"""Drifts as issues of a tracker: one issue a drift, opened with it, commented on as it changes, closed with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

from paritycheck.core.channel import TEST, ChannelError, Field
from paritycheck.core.markup import BREAK, code, cut, markdown, quoted, rows_of

if TYPE_CHECKING:
    from paritycheck.core.channel import Answer, Envelope
    from paritycheck.core.message import Message, Row

LABEL: Final = Field("label", "Label", "Each issue gets it.", required=False, default="paritycheck")
LONGEST_TITLE: Final = 200
NO_DRIFT: Final = "an issue is about one drift, and this message is about none"
_GONE: Final = frozenset({404, 410})
_SAID: Final = {
    "opened": "Opened again",
    "worsened": "It got worse",
    "reopened": "It is back",
    "flapping": "It changes back and forth",
    "resolved": "Resolved",
}


class Tracker(Protocol):
    """A place of issues. Each call is one request and raises ChannelError."""

    def create(self, title: str, body: str) -> str:
        """The new issue's number."""

    def comment(self, ref: str, body: str) -> None:
        """Say something below it."""

    def turn(self, ref: str, *, is_open: bool) -> None:
        """Close it or open it again."""


def server(label: str, hint: str, default: str) -> Field:
    """Where the tracker is: everybody's, unless one has one's own."""
    return Field("base_url", label, hint, required=False, url=True, default=default)


def number_in(answer: Answer, member: str, who: str) -> str:
    """The number of the issue that was made, from the first such member of the answer: the issue's own stands first,
    and a quote within a text is escaped, so that no text can look like it. Raises ChannelError.
    """
    found = re.search(rb'"%s"\s*:\s*([1-9][0-9]{0,17})' % member.encode(), answer.body)
    if found is None:
        raise ChannelError(f"{who} answered without an issue's number", permanent=True, status=answer.status)
    return found[1].decode()


def tell(message: Message, envelope: Envelope, tracker: Tracker) -> None:
    """Bring the issues of the message's drifts up to date. What was told by an attempt that ended early is not told
    again. Raises ChannelError.
    """
    if envelope.kind == TEST:
        _try(message, tracker)
        return
    rows = [row for row in rows_of(message) if envelope.identity(row)]
    if not rows:
        raise ChannelError(NO_DRIFT, permanent=True, blameless=True)
    for row in envelope.current(rows):
        if not envelope.threads.told(envelope.identity(row)):
            _tell_row(message, row, envelope, tracker)


def _try(message: Message, tracker: Tracker) -> None:
    """An issue that is opened and closed again."""
    ref = tracker.create(title_of(message.project, message.title), f"{markdown(message.lead)}\n")
    tracker.turn(ref, is_open=False)


def _tell_row(message: Message, row: Row, envelope: Envelope, tracker: Tracker) -> None:
    identity, ends = envelope.identity(row), row.change == "resolved"
    ref = envelope.threads.ref(identity)
    if ref and _follow(ref, row, tracker, was_open=envelope.threads.is_open(identity)):
        envelope.threads.keep(identity, ref, is_open=not ends)
    elif not ends:
        opened = tracker.create(title_of(message.project, row.sentence), body_of(message, row, identity))
        envelope.threads.keep(identity, opened, is_open=True)


def _follow(ref: str, row: Row, tracker: Tracker, *, was_open: bool) -> bool:
    """Say the change below the issue; False where somebody deleted it."""
    ends = row.change == "resolved"
    try:
        tracker.comment(ref, comment_of(row))
        if was_open == ends:
            tracker.turn(ref, is_open=not ends)
    except ChannelError as error:
        if error.status in _GONE:
            return False
        raise
    return True


def title_of(project: str, sentence: str) -> str:
    """`[shop] ci runs PostgreSQL 13, production runs 16`; titles know no markup, but some trackers link mentions."""
    return cut(f"[{project}] {sentence.replace('@', f'@{BREAK}')}", LONGEST_TITLE)


def body_of(message: Message, row: Row, identity: str) -> str:
    """The issue's text in Markdown; its last line is for programs."""
    parts = [
        markdown(row.sentence),
        markdown(row.consequence),
        sides_of(row),
        f"{code(row.key)}, expected: {code(row.expectation)}",
        markdown(f"{row.since} {row.by}".strip()),
        f"[Open the drift]({row.url}) · pair {code(message.pair)}",
        f"<!-- paritycheck:{identity} -->",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def comment_of(row: Row) -> str:
    """What changed, in Markdown."""
    said = _SAID.get(row.change, "Changed")
    parts = [f"**{said}.** {markdown(row.sentence)}", markdown(row.consequence)]
    if row.change != "resolved":
        parts.append(sides_of(row))
    return "\n\n".join(part for part in [*parts, f"[Open the drift]({row.url})"] if part) + "\n"


def sides_of(row: Row) -> str:
    """Both sides as a table."""
    if not row.sides:
        return ""
    lines = ["| where | what | read from |", "|---|---|---|"]
    lines += [f"| {quoted(side.label)} | {quoted(side.text)} | {quoted(side.source)} |" for side in row.sides]
    return "\n".join(lines)
