"""Microsoft Teams: an Adaptive Card for the webhook of a Workflow.

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using,
https://adaptivecards.io/explorer. What came from an agent stands in text runs, which know no Markdown and no mention.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.channel import Envelope, Field, Request, accepted
from paritycheck.core.markup import cut, first, line_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck.core.channel import Post
    from paritycheck.core.message import Block, Message, Row, Seen, Stand, Table

MOST_ROWS: Final = 12
LONGEST_TEXT: Final = 500
MOST_STANDS: Final = 6
MOST_BYTES: Final = 27_000
"""Teams takes 28 KB; a card that is larger goes without its lists."""
COLOURS: Final = {"error": "attention", "warning": "warning", "note": "accent", "resolved": "good"}
FIELDS: Final = (
    Field(
        "url",
        "Webhook URL",
        "Of the workflow 'Post to a channel when a webhook request is received'; it is the secret.",
        secret=True,
        url=True,
    ),
)


@dataclass(frozen=True, slots=True)
class TeamsSettings:
    """The webhook's address, which is the credential."""

    url: str = field(repr=False)


def read(given: Mapping[str, str]) -> TeamsSettings:
    """The settings, checked already."""
    return TeamsSettings(given["url"])


def send(message: Message, envelope: Envelope, settings: TeamsSettings, post: Post) -> None:
    """Post it. Raises ChannelError."""
    del envelope
    body = _bytes(payload(message))
    if len(body) > MOST_BYTES:
        body = _bytes(payload(message, lists=False))
    accepted(post(Request("POST", settings.url, body, {"Content-Type": "application/json"})), "the chat")


def _bytes(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def payload(message: Message, *, lists: bool = True) -> dict[str, Any]:
    """The message that carries the card."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": cut(message.subject, LONGEST_TEXT),
        "msteams": {"width": "Full"},
        "body": _body(message, lists=lists),
        "actions": _actions(message),
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _body(message: Message, *, lists: bool) -> list[dict[str, Any]]:
    colour = COLOURS.get(message.severity, "default")
    found = [_text(message.badge, color=colour, weight="bolder")] if message.badge else []
    found.append(_text(message.title, size="large", weight="bolder"))
    if message.lead:
        found.append(_text(message.lead))
    if message.focus:
        found += _focus(message.focus)
    if message.table:
        found += _table(message.table)
    if lists:
        found += [part for stand in message.stands[:MOST_STANDS] for part in _stand(stand)]
        found += [part for block in message.blocks for part in _list(block)]
    place = " · ".join(part for part in (message.project, message.pair.replace("..", " → ")) if part)
    return [*found, _text(place, isSubtle=True, size="small")]


def _focus(row: Row) -> list[dict[str, Any]]:
    columns = [{"type": "Column", "width": "stretch", "items": _side(side)} for side in row.sides]
    found: list[dict[str, Any]] = [{"type": "ColumnSet", "columns": columns}] if columns else []
    foot = f"{row.key}, expected: {row.expectation}. {row.since} {row.by}".strip()
    return [*found, _text(foot, isSubtle=True, size="small")]


def _side(side: Seen) -> list[dict[str, Any]]:
    said = [_text(side.label, isSubtle=True), _text(side.text, weight="bolder", fontType="monospace")]
    return [*said, _text(side.source, isSubtle=True, size="small")] if side.source else said


def _table(table: Table) -> list[dict[str, Any]]:
    heads = [_text(" · ".join(head for head in table.heads if head), isSubtle=True)] if any(table.heads) else []
    return [*heads, *(_text(": ".join([line[0], " · ".join(line[1:])])) for line in table.lines)]


def _stand(stand: Stand) -> list[dict[str, Any]]:
    lines = [_text(f"{gap.name}: {gap.value} ({gap.band}). {gap.sentence}") for gap in stand.gaps]
    return [_text(stand.heading, weight="bolder"), *lines]


def _list(block: Block) -> list[dict[str, Any]]:
    rows, more = first(block.rows, MOST_ROWS)
    lines = [
        _text(f"• {line_of(row)}", color=COLOURS["resolved" if row.change == "resolved" else row.severity])
        for row in rows
    ]
    rest = [_text(block.more or more, isSubtle=True)] if block.more or more else []
    return [_text(block.heading, weight="bolder"), *lines, *rest]


def _actions(message: Message) -> list[dict[str, Any]]:
    return [{"type": "Action.OpenUrl", "title": words, "url": url} for words, url in message.actions]


def _text(text: str, **look: Any) -> dict[str, Any]:
    run = {"type": "TextRun", "text": cut(text, LONGEST_TEXT), **look}
    return {"type": "RichTextBlock", "inlines": [run]}
