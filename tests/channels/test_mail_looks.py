"""Mails in a real browser: wide and narrow, light and dark, with names of any length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.browser import running_browser
from tests.channels.samples import samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from paritycheck.channels.mail import MailSettings

pytestmark = pytest.mark.e2e
SAMPLES = samples()
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


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One page for all: what differs is set each time."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def show(page: Page, settings_for: Callable[..., MailSettings]) -> Callable[[str, int, str], Page]:
    """`show("week", 360, "dark")`: the mail on a screen of that width."""
    from paritycheck.channels.mail import compose
    from paritycheck.core.mail_headers import Copy

    def make(name: str, width: int, scheme: Any) -> Page:
        page.set_viewport_size({"width": width, "height": 700})
        page.emulate_media(color_scheme=scheme)
        copy = Copy("maria@example.com", uuid4(), unsubscribe="https://parity.example/unsubscribe/" + "t" * 120)
        page.set_content(str(compose(SAMPLES[name], copy, settings_for(25)).alternatives[0][0]))
        return page

    return make


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_wider_than_the_screen(show: Callable[..., Page], name: str) -> None:
    for width in (320, 360, 600, 1200):
        page = show(name, width, "light")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".card").bounding_box()["width"] <= 602  # type: ignore[index]  # it is there
        box = page.locator(".button-text").first.bounding_box()
        assert box
        assert 0 <= box["x"] < box["x"] + box["width"] <= width


@pytest.mark.parametrize("name", SAMPLES)
def test_every_text_has_contrast_in_light_and_in_dark(show: Callable[..., Page], name: str) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = show(name, 600, scheme)
        found = page.evaluate(CONTRAST)
        assert len(found) > 5
        assert [text for ratio, text in found if ratio < 4.5] == []
        grounds.append(page.locator(".card").evaluate("card => getComputedStyle(card).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(20, 26, 32)"]


@pytest.mark.parametrize("width", [360, 600])
def test_buttons_are_forty_pixels_high(show: Callable[..., Page], width: int) -> None:
    buttons = show("missing", width, "light").locator(".button")
    heights = [buttons.nth(index).bounding_box()["height"] for index in range(buttons.count())]  # type: ignore[index]
    assert heights == [40, 40]


def test_the_course_is_dropped_where_it_is_narrow(show: Callable[..., Page]) -> None:
    assert show("week", 600, "light").locator(".trend").first.is_visible()
    assert not show("week", 360, "light").locator(".trend").first.is_visible()


def test_each_of_the_three_gaps_draws_its_course(show: Callable[..., Page]) -> None:
    page = show("week", 600, "light")
    for gap in ("time", "personnel", "tools"):
        bars = page.locator(f".bar-{gap}")
        heights = [bars.nth(index).bounding_box()["height"] for index in range(bars.count())]  # type: ignore[index]
        assert len(heights) == 8
        assert max(heights) == 24
