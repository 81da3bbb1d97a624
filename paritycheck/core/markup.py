"""Text of agents in the markup of chats and issue trackers: it stays text, and calls nobody.

All of it is plain already (`core/plain.py`): one line, nothing invisible. Here nothing of it becomes a link, a format,
a mention of somebody, a reference or a command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paritycheck.core.message import Message, Row

BREAK: Final = "\u200b"
"""A character without width behind a sign that would mean something together with what follows."""
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()<>#+|~-])")
_SIGILS: Final = re.compile(r"([@#!~%&$^])(?=[\w.\-\"\[])")
_AUTOLINK: Final = re.compile(r"(?i)(://|www\.|gh-)")
_SLACK_FORMAT: Final = re.compile(r"([*~`|@])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_SLACK: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def slack(text: str) -> str:
    """For Slack's mrkdwn and for Markdown that reads like it (Mattermost, Rocket.Chat): `<!channel>` stays text."""
    broken = _SLACK_FORMAT.sub(lambda found: found[0] + BREAK, text)
    return "".join(_SLACK.get(character, character) for character in broken)


def slack_link(url: str, text: str) -> str:
    """A link; `url` is one of ours."""
    return f"<{url.replace('|', '%7C').replace('>', '%3E').replace('<', '%3C')}|{slack(text)}>"


def markdown(text: str) -> str:
    """For GitHub's and GitLab's Markdown: no format, no `@somebody`, `#1`, `!2`, `%3`, no address made a link."""
    broken = _AUTOLINK.sub(lambda found: found[0][0] + BREAK + found[0][1:], _SIGILS.sub(rf"\1{BREAK}", text))
    return _MARKDOWN.sub(r"\\\1", broken)


def code(text: str) -> str:
    """A code span: nothing in it means anything. A backtick, which would end it, becomes an apostrophe."""
    said = text.replace("`", "'").strip()
    return f"`{said}`" if said else ""


def quoted(text: str) -> str:
    """For a cell of a Markdown table: a code span without the bar that ends cells."""
    return code(text.replace("|", "¦"))


def rows_of(message: Message) -> tuple[Row, ...]:
    """Every drift that the message is about, in its order."""
    listed = [row for block in message.blocks for row in block.rows]
    return ((message.focus,) if message.focus else ()) + tuple(listed)


def line_of(row: Row) -> str:
    """A row in a line: `error  STRIPE_KEY is missing in production`."""
    return " ".join(part for part in (row.shown, row.brief) if part)


def cut(text: str, longest: int) -> str:
    """At most `longest` characters, the end cut off."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def first(rows: Iterable[Row], most: int) -> tuple[list[Row], str]:
    """The first rows, and what says how many are left out."""
    every = list(rows)
    rest = len(every) - most
    return every[:most], f"and {rest:,} more" if rest > 0 else ""
