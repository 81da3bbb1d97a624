"""The manual as text: its pages rendered once, cut at their headings, and searched by words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from typing import Any, Final

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from typing_extensions import override

from paritycheck.core.searching import words_of
from paritycheck.web.manual_pages import LEAVES, Leaf, context_of

SHELL: Final = "docs/bare.html"
COSTLY: Final = frozenset({"api", "readers"})
AROUND: Final = 70
"""Characters of a snippet before the word that was found, and about twice as many behind it."""
_HEAD: Final = re.compile(r"<(h2|h3|dt)((?: [^>]*)?)>(.*?)</\1>", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>")
_ID: Final = re.compile(r'\bid="([^"]+)"')
_SPACE: Final = re.compile(r"\s+")
_CUTS: Final = frozenset({"h1", "h2", "h3", "dt"})
_UNREAD: Final = frozenset({"svg", "button", "script", "style"})


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands under one heading; `anchor` is empty for what stands before the second."""

    leaf: Leaf
    heading: str
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class ManualHit:
    """One place that was found: its heading, its page, where it is, and the words around the first one found."""

    title: str
    page: str
    href: str
    snippet: SafeString


def anchored(html: str) -> str:
    """The page with an id on each heading that has none, so that every place of the manual has an address."""
    taken = set(_ID.findall(html))

    def named(found: re.Match[str]) -> str:
        tag, attributes, inside = found.groups()
        if _ID.search(attributes):
            return found.group()
        ident = base = slugify(_TAG.sub("", inside))[:60] or tag
        number = 2
        while ident in taken:
            ident, number = f"{base}-{number}", number + 1
        taken.add(ident)
        return f'<{tag} id="{ident}"{attributes}>{inside}</{tag}>'

    before, article, rest = html.partition("<article")
    return before + article + _HEAD.sub(named, rest)


class _Cutter(HTMLParser):
    """Collects (heading, id, text) in the order of the page; what is drawn or pressed is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[tuple[list[str], str, list[str]]] = []
        self._in_head = self._in_article = False
        self._unread = 0

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "article":
            self._in_article = True
        if tag in _UNREAD:
            self._unread += 1
        elif tag in _CUTS and self._in_article:
            self.pieces.append(([], dict(attrs).get("id") or "", []))
            self._in_head = True

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._unread -= 1
        elif tag in _CUTS:
            self._in_head = False
        elif tag == "article":
            self._in_article = False

    @override
    def handle_data(self, data: str) -> None:
        if self.pieces and self._in_article and not self._unread:
            head, _, text = self.pieces[-1]
            (head if self._in_head else text).append(data)


def html_of(leaf: Leaf) -> str:
    """A page of the manual without its frame, as everybody sees it."""
    return _drawn(leaf, context_of(leaf))


def _drawn(leaf: Leaf, context: dict[str, Any]) -> str:
    return anchored(render_to_string(f"docs/{leaf.slug}.html", {**context, "shell": SHELL}))


def _pieces_of(leaf: Leaf, html: str) -> Iterator[Piece]:
    cutter = _Cutter()
    cutter.feed(html)
    for head, ident, text in cutter.pieces:
        yield Piece(leaf, _flat(head), ident, _flat(text))


def _flat(parts: list[str]) -> str:
    return _SPACE.sub(" ", " ".join(parts)).strip()


@cache
def pieces() -> tuple[Piece, ...]:
    """The whole manual; it does not change while the server runs."""
    return tuple(piece for leaf in LEAVES for piece in _pieces_of(leaf, html_of(leaf)))


@cache
def headings() -> tuple[Piece, ...]:
    """The manual's headings, without those that take the whole API or the whole agent to draw: the palette, which asks
    at each key, does not wait for them.
    """
    cheap = ((leaf, {"leaf": leaf} if leaf.slug in COSTLY else context_of(leaf)) for leaf in LEAVES)
    return tuple(piece for leaf, context in cheap for piece in _pieces_of(leaf, _drawn(leaf, context)))


def draw_ahead() -> None:
    """Three seconds of work that the first reader who searches would wait for."""
    headings()
    pieces()


def find(text: str, most: int, *, named: bool = False) -> list[ManualHit]:
    """The places that hold every word, best first: a word in the heading counts most, then one in the page's title.
    `named`: only those whose heading and page say it.
    """
    words = words_of(text)
    if not words:
        return []
    among = headings() if named else pieces()
    scored = [(score, at, piece) for at, piece in enumerate(among) if (score := _score(words, piece, named=named))]
    scored.sort(key=lambda each: (-each[0], each[1]))
    return [_hit(piece, words) for _, _, piece in scored[:most]]


def _score(words: tuple[str, ...], piece: Piece, *, named: bool) -> float:
    heading, title, text = piece.heading.casefold(), piece.leaf.title.casefold(), piece.text.casefold()
    total = 0.0
    for word in words:
        score = _in_heading(word, heading) + (6 if word in title else 0)
        score += 0 if named else min(text.count(word), 5)
        if not score:
            return 0
        total += score
    return total


def _in_heading(word: str, heading: str) -> int:
    if word not in heading:
        return 0
    return 16 if heading == word else 12 if heading.startswith(word) else 10


def _hit(piece: Piece, words: tuple[str, ...]) -> ManualHit:
    anchor = f"#{piece.anchor}" if piece.anchor else ""
    href = reverse("web:manual", args=[piece.leaf.slug]) + anchor
    return ManualHit(piece.heading, piece.leaf.title, href, _snippet(piece.text, words))


def _snippet(text: str, words: tuple[str, ...]) -> SafeString:
    """The text around the first word found, whole words only, with what was looked for marked."""
    folded = text.casefold()
    at = max(0, min((place for word in words if (place := folded.find(word)) >= 0), default=0))
    begin = 0 if at < AROUND else text.find(" ", at - AROUND) + 1
    end = text.rfind(" ", begin, at + 2 * AROUND) if len(text) > at + 2 * AROUND else len(text)
    cut = f"{'… ' if begin else ''}{text[begin:end]}{' …' if end < len(text) else ''}"
    pattern = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), re.IGNORECASE)
    parts, last = [], 0
    for found in pattern.finditer(cut):
        parts += [escape(cut[last : found.start()]), f"<mark>{escape(found.group())}</mark>"]
        last = found.end()
    return mark_safe("".join([*parts, escape(cut[last:])]))  # noqa: S308 - every part of it is escaped above
