"""Slack, and what takes Slack's incoming webhooks (Mattermost, Rocket.Chat): Block Kit with a text beside it.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, https://docs.slack.dev/reference/block-kit.
What came from an agent stands in `plain_text` and `rich_text`, where nothing is a format or a mention.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.channel import Envelope, Field, Request, accepted
from paritycheck.core.markup import cut, first, line_of, slack, slack_link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck.core.channel import Post
    from paritycheck.core.message import Block, Message, Row, Seen, Stand, Table

LONGEST_HEADER: Final = 150
LONGEST_TEXT: Final = 2_900
LONGEST_FIELD: Final = 1_900
MOST_ROWS: Final = 20
SIGNS: Final = {"error": "🔴", "warning": "🟠", "note": "🔵", "resolved": "🟢"}
FIELDS: Final = (
    Field("url", "Webhook URL", "As Slack shows it under Incoming Webhooks; it is the secret.", secret=True, url=True),
)


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """The webhook's address, which is the credential."""

    url: str = field(repr=False)


def read(given: Mapping[str, str]) -> SlackSettings:
    """The settings, checked already."""
    return SlackSettings(given["url"])


def send(message: Message, envelope: Envelope, settings: SlackSettings, post: Post) -> None:
    """Post it. Raises ChannelError."""
    del envelope
    body = json.dumps(payload(message), separators=(",", ":"), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    accepted(post(Request("POST", settings.url, body, headers)), "the chat")


def payload(message: Message) -> dict[str, Any]:
    """`text` is what notifications and other chats show."""
    sign = SIGNS.get(message.severity, "")
    text = f"{sign} {slack(message.subject)}\n{slack(message.lead)}\n{_links(message)}".strip()
    return {
        "text": cut(text, LONGEST_TEXT),
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": _blocks(message, sign),
    }


def _blocks(message: Message, sign: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(f"{sign} {message.title}".strip(), LONGEST_HEADER)},
    ]
    if message.lead:
        found.append({"type": "section", "text": _plain(message.lead, LONGEST_TEXT)})
    if message.focus:
        found += _focus(message.focus)
    if message.table:
        found.append(_table(message.table))
    found += [_stand(stand) for stand in message.stands[:MOST_ROWS]]
    found += [_list(block) for block in message.blocks[:MOST_ROWS]]
    place = " · ".join(part for part in (message.project, message.pair.replace("..", " → "), message.badge) if part)
    foot = [_plain(place, LONGEST_FIELD)] if place else []
    return [*found, {"type": "context", "elements": [*foot, {"type": "mrkdwn", "text": _links(message)}]}]


def _focus(row: Row) -> list[dict[str, Any]]:
    sides = [_plain(_side(side), LONGEST_FIELD) for side in row.sides[:10]]
    found: list[dict[str, Any]] = [{"type": "section", "fields": sides}] if sides else []
    foot = f"{row.key}, expected: {row.expectation}. {row.since} {row.by}".strip()
    return [*found, {"type": "context", "elements": [_plain(foot, LONGEST_FIELD)]}]


def _side(side: Seen) -> str:
    return "\n".join(part for part in (side.label, side.text, side.source) if part)


def _table(table: Table) -> dict[str, Any]:
    heads = [" · ".join(head for head in table.heads if head)] if any(table.heads) else []
    lines = [": ".join([line[0], " · ".join(line[1:])]) for line in table.lines]
    return {"type": "section", "text": _plain("\n".join([*heads, *lines]), LONGEST_TEXT)}


def _stand(stand: Stand) -> dict[str, Any]:
    lines = [f"{gap.name}: {gap.value} ({gap.band}). {gap.sentence}" for gap in stand.gaps]
    return {"type": "section", "text": _plain("\n".join([stand.heading, *lines]), LONGEST_TEXT)}


def _list(block: Block) -> dict[str, Any]:
    rows, more = first(block.rows, MOST_ROWS)
    items = [{"type": "rich_text_section", "elements": _item(row)} for row in rows]
    rest = block.more or more
    elements: list[dict[str, Any]] = [
        {
            "type": "rich_text_section",
            "elements": [{"type": "text", "text": block.heading, "style": {"bold": True}}],
        },
        {"type": "rich_text_list", "style": "bullet", "elements": items},
    ]
    if rest:
        elements.append({"type": "rich_text_section", "elements": [{"type": "text", "text": rest}]})
    return {"type": "rich_text", "elements": elements}


def _item(row: Row) -> list[dict[str, Any]]:
    said: dict[str, Any] = {"type": "text", "text": f"{SIGNS.get(row.severity, '')} ".lstrip()}
    if row.change == "resolved":
        said["text"] = f"{SIGNS['resolved']} "
    text = cut(line_of(row), LONGEST_FIELD)
    return [said, {"type": "link", "url": row.url, "text": text} if row.url else {"type": "text", "text": text}]


def _links(message: Message) -> str:
    return "  ·  ".join(slack_link(url, words) for words, url in message.actions)


def _plain(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": cut(text, longest) or " ", "emoji": False}
