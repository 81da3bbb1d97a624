"""Mails in a real browser: wide and narrow, light and dark, with names of any length."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from paritycheck.core.digests import Day, Standing, digest
from tests.browser import running_browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from paritycheck.channels.mail import MailSettings
    from paritycheck.core.message import Message, Row

pytestmark = pytest.mark.e2e
LONG = "pkg:npm/%40" + "very-long-scope-without-any-break" * 3 + "/" + "Y" * 60
# Text on the nearest filled ancestor: WCAG's contrast, for each text that is seen.
CONTRAST = """() => {
  const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = rgb(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    const hidden = !parent.offsetParent || getComputedStyle(parent).fontSize === '0px';
    if (hidden || !walker.currentNode.data.trim()) continue;
    const [a, b] = [light(rgb(getComputedStyle(parent).color)), light(ground(parent))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), walker.currentNode.data.trim()]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as found:
        yield found


@pytest.fixture
def mails(make_alert: Callable[..., Message], make_row: Callable[..., Row]) -> dict[str, Message]:
    """One of each, with long names where agents choose them."""
    shared = {"section": "services", "rule": "version", "severity": "warning"}
    left: dict[str, Any] = {"environment": "x" * 63, "state": "present", "value": "1." * 40, "sources": ["a/" * 60]}
    until = datetime(2026, 11, 23, 7, tzinfo=UTC)
    time = {"value": 338_400, "band": "warning", "waiting": 14}
    standings = [
        Standing("staging", "production", time, {}, 0.79, 0.93, {"error": 2, "note": 3}, (3, 4, 4, 6, 5)),
        Standing("x" * 63, "y" * 63, {}, {}, None, 0.0, {}, ()),
    ]
    rows = [make_row(), make_row(LONG, **shared), make_row("GONE", change="resolved"), make_row("B", severity="note")]
    day = Day(
        "shop",
        "https://parity.example",
        until - timedelta(days=1),
        until,
        3,
        rows[:2],
        [],
        rows[2:3],
        rows[3:],
        standings,
    )
    return {
        "missing": make_alert(),
        "long": make_alert(make_row(LONG, **shared, left=left)),
        "resolved": make_alert(make_row(change="resolved")),
        "several": make_alert(*rows, make_row("FLAPS", change="flapping")),
        "digest": digest(day),
    }


@pytest.fixture
def show(
    browser: Browser, mails: dict[str, Message], settings_for: Callable[..., MailSettings]
) -> Iterator[Callable[[str, int, str], Page]]:
    """`show("digest", 360, "dark")`: the mail on a screen of that width."""
    from paritycheck.channels.mail import compose

    contexts = []

    def make(name: str, width: int, scheme: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        mail = compose(mails[name], to="maria@example.com", ident=uuid4(), settings=settings_for(25))
        page.set_content(str(mail.alternatives[0][0]))
        return page

    yield make
    for context in contexts:
        context.close()


NAMES = ("missing", "long", "resolved", "several", "digest")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [320, 360, 600, 1200])
def test_nothing_is_wider_than_the_screen(show: Callable[..., Page], name: str, width: int) -> None:
    page = show(name, width, "light")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".card").bounding_box()["width"] <= 602  # type: ignore[index]  # it is there


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(show: Callable[..., Page], name: str, scheme: str) -> None:
    found = show(name, 600, scheme).evaluate(CONTRAST)
    assert len(found) > 5
    assert [text for ratio, text in found if ratio < 4.5] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_dark_mail_is_dark(show: Callable[..., Page], name: str) -> None:
    def ground(scheme: str) -> Any:
        return show(name, 600, scheme).locator(".card").evaluate("card => getComputedStyle(card).backgroundColor")

    assert (ground("light"), ground("dark")) == ("rgb(255, 255, 255)", "rgb(20, 26, 32)")


@pytest.mark.parametrize("width", [360, 600])
def test_buttons_are_forty_pixels_high(show: Callable[..., Page], width: int) -> None:
    buttons = show("missing", width, "light").locator(".button")
    heights = [buttons.nth(index).bounding_box()["height"] for index in range(buttons.count())]  # type: ignore[index]
    assert heights == [40, 40]


def test_the_course_is_dropped_where_it_is_narrow(show: Callable[..., Page]) -> None:
    assert show("digest", 600, "light").locator(".trend").first.is_visible()
    assert not show("digest", 360, "light").locator(".trend").first.is_visible()
