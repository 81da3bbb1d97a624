"""A message as Slack would lay it out: its blocks as HTML, for the eye alone."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_LINK: Final = re.compile(r"<(https?://[^|<>\s]+)\|([^<>]*)>")
_ESCAPED: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def slack_blocks(payload: Mapping[str, Any]) -> SafeString:
    """Headers, sections, lists and footers in their order; of a kind not known here nothing."""
    return format_html_join("\n", "{}", ((drawn,) for block in payload["blocks"] for drawn in _block(block)))


def _block(block: Mapping[str, Any]) -> Iterator[SafeString]:
    kind = block["type"]
    if kind == "header":
        yield format_html("<h1>{}</h1>", block["text"]["text"])
    elif kind == "section":
        for text in [block["text"]] if "text" in block else block["fields"]:
            yield format_html("<p>{}</p>", _text(text))
    elif kind == "context":
        yield format_html("<footer>{}</footer>", format_html_join(" ", "{}", ((_text(e),) for e in block["elements"])))
    elif kind == "rich_text":
        yield from map(_rich, block["elements"])


def _rich(element: Mapping[str, Any]) -> SafeString:
    if element["type"] == "rich_text_list":
        return format_html(
            "<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_run(e),) for e in element["elements"]))
        )
    return format_html("<p>{}</p>", _run(element))


def _run(section: Mapping[str, Any]) -> SafeString:
    return format_html_join("", "{}", ((_piece(piece),) for piece in section["elements"]))


def _piece(piece: Mapping[str, Any]) -> SafeString:
    if piece["type"] == "link":
        return format_html('<a href="{}">{}</a>', piece["url"], piece["text"])
    bold = piece.get("style", {}).get("bold")
    return format_html("<b>{}</b>" if bold else "{}", piece.get("text", ""))


def _text(text: Mapping[str, Any]) -> SafeString:
    """Plain text as it is; of Slack's markup its links."""
    if text["type"] == "plain_text":
        return format_html("{}", text["text"])
    found, end = [], 0
    for link in _LINK.finditer(text["text"]):
        found.append(format_html("{}", _unescaped(text["text"][end : link.start()])))
        found.append(format_html('<a href="{}">{}</a>', _unescaped(link[1]), _unescaped(link[2])))
        end = link.end()
    found.append(format_html("{}", _unescaped(text["text"][end:])))
    return format_html_join("", "{}", ((part,) for part in found))


def _unescaped(text: str) -> str:
    for written, meant in _ESCAPED:
        text = text.replace(written, meant)
    return text
