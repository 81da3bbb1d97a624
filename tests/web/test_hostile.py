"""Every string of an agent is hostile: what it says is text on every page, and never a tag, an attribute or a link."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><iframe src=javascript:alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    '" hx-get="/sign-out" hx-trigger="load',
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><b>bold</b>",
    "<!-- comment",
    "--><b>out</b>",
    "<![CDATA[<b>x</b>]]>",
    "{{ 7|add:7 }}",
    "{% load static %}",
    "{# comment #}",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<form action=//evil.example><button>",
    "`${alert(1)}`",
    "<a href='//evil.example'>link</a>",
    "=cmd|' /C calc'!A0",
)
# Characters that turn the order of the text around, or cannot be seen.
UNSEEN = ("\u202e", "\u2066", "\u200b", "\ufeff", "\x1b", "\x00", "\n", "\u2028", "\U000e0041")
LINKS = frozenset({"href", "src", "action", "hx-get", "data-pop"})
PAGES = (
    "/",
    "/p/shop",
    "/p/shop?show=services&show=runtime&show=dependencies&show=config",
    "/p/shop?severity=error",
    "/p/shop/environments",
    "/p/shop/environments/staging",
    "/p/shop/environments/staging/1",
    "/p/shop/environments/staging/2",
    "/p/shop/gate",
    "/p/shop/time",
    "/account",
    "/account/passkeys",
    "/account/password",
    *(f"/p/shop/environments/staging/2?section={name}" for name in ("services", "runtime", "dependencies", "config")),
)


class Shape(HTMLParser):
    """The tags of a page, each with the names of its attributes; and everything that a link or form leads to."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[tuple[str, tuple[str, ...]]] = set()
        self.targets: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add((tag, tuple(sorted(name for name, _ in attrs))))
        self.targets += [value or "" for name, value in attrs if name in LINKS and (value or name != "data-pop")]

    @override
    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    @override
    def handle_data(self, data: str) -> None:
        self.text.append(data)


def facts_with(texts: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """A report in which each text stands wherever a text may stand."""
    each = list(enumerate(texts))
    return {
        "services": [
            {"name": f"s-{at}", "kind": "redis", "value": text, "variant": text, "keys": [text], "declared": text,
             "resource": f"r{at}", "sources": [text]}
            for at, text in each
        ],
        "runtime": [{"name": f"tool.{text}", "value": text, "sources": [text]} for text in sorted(texts)],
        "dependencies": [
            {"name": f"pkg:pypi/x{at}", "value": text, "scope": "direct", "groups": [text], "locked": text,
             "sources": [text]}
            for at, text in each
        ],
        "config": [{"name": text, "shape": "text", "length": "8-15", "sources": [text]} for text in sorted(texts)],
        "release": [
            {"name": "branch", "value": texts[0]},
            {"name": "tag", "value": texts[1]},
            {"name": "commit", "value": "f" * 40},
        ],
    }  # fmt: skip


def fill(shop: Any, texts: tuple[str, ...]) -> None:
    """Two environments that differ in every fact, in two snapshots, with a verdict and owners."""
    plain = tuple(f"9.{at}" for at, _ in enumerate(texts))
    shop.report("production", facts_with(plain), texts[2])
    shop.report("staging", facts_with(plain), texts[3])
    shop.report("staging", facts_with(texts), texts[3], version=texts[4])
    shop.report("development", facts_with(texts), texts[5])
    shop.gate(
        {name: rows for name, rows in facts_with(texts).items() if name != "release"},
        candidate={"commit": "d" * 40, "branch": texts[6], "dirty": False},
    )
    shop.project.drifts.update(owner=texts[0])
    shop.owner.name = texts[0][:120]
    shop.owner.save(update_fields=["name"])


def pages(shop: Any) -> Iterator[str]:
    yield from PAGES
    yield f"/p/shop/gate/{shop.project.verdicts.latest('created_at').id}"
    for name in ("s-0", "s-7"):
        yield f"/p/shop/cell?environment=staging&section=services&name={name}"
    for drift in shop.project.drifts.order_by("section", "name", "id")[:40]:
        yield f"/p/shop/d/{drift.id[:10]}"


def shapes(shop: Any, get: Callable[[str], str]) -> tuple[set[tuple[str, tuple[str, ...]]], list[str], str]:
    found = [Shape(get(path)) for path in pages(shop)]
    elements = set().union(*(shape.elements for shape in found))
    return elements, [target for shape in found for target in shape.targets], " ".join("".join(s.text) for s in found)


def test_no_string_becomes_markup(shop: Any, ask: Callable[[str], str]) -> None:
    # Whoever reports again does so beside an instance of another name, which then disagrees with it.
    for letter in "uv":
        fill(shop, tuple(f"{letter}-{at:02d}.x" for at, _ in enumerate(PAYLOADS)))
    before, _, _ = shapes(shop, ask)
    fill(shop, PAYLOADS)
    after, targets, text = shapes(shop, ask)
    assert after - before == set()
    assert [target for target in targets if not target.startswith(("/", "#", "?"))] == []
    assert [payload for payload in PAYLOADS if payload not in text] == []


@pytest.mark.parametrize("character", UNSEEN)
def test_no_character_hides_or_turns_the_text_around(shop: Any, ask: Callable[[str], str], character: str) -> None:
    from paritycheck.web.visible import visible

    fill(shop, PAYLOADS)
    shown = visible(f"ab{character}cd")
    assert shown.isprintable()
    assert shown.startswith("ab\\")
    if character == "\x00":
        return  # PostgreSQL keeps no text with it.
    drift = shop.project.drifts.filter(section="services").first()
    drift.left_side["value"] = drift.left_side["variant"] = f"ab{character}cd"
    drift.left_side["sources"] = [f"ab{character}cd"]
    drift.save()
    shop.project.environments.update(latest=None)
    assert shown in ask(f"/p/shop/d/{drift.id[:10]}")
