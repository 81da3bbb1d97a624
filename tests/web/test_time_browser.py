"""The time page in a real browser: three months of deploys, told over HTTP, drawn, read and narrowed down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.web.lived import three_months

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True),
    pytest.mark.timeout(300),
]


def test_the_lag_is_drawn_told_and_narrowed_down(open_page: Callable[[str], Page], site: tuple[str, Any]) -> None:
    three_months(site[1])
    page = open_page("/p/shop")
    page.click("nav[aria-label=Project] >> text=Time")
    expect(page.locator("h1")).to_contain_text(re.compile(r"\d commits wait for production, the oldest for 3.d"))
    line_ends_where_it_is_labelled(page)
    page.click("summary:has-text('Show as table')")
    assert page.locator(".gap-chart + details tbody tr:visible").count() > 60
    page.click(".segments >> text=28 d")
    assert page.url.endswith("?window=28d")
    page.locator(".lag-pairs a").nth(1).click()
    assert page.url.endswith("?window=28d&pair=ci..staging")
    expect(page.locator("tr[aria-current] th")).to_contain_text("staging")
    page.click("summary:has-text('All paths')")
    page.click(".menu-body >> text=api")
    assert "scope=api" in page.url
    expect(page.locator("#lag-title + p")).to_contain_text("in api")
    for width in (1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def line_ends_where_it_is_labelled(page: Page) -> None:
    """The last value stands beside the end of the line; ticks stand under it; the scale begins at its foot."""
    box = "(name) => document.querySelector(name).getBoundingClientRect().toJSON()"
    end, label = page.evaluate(box, ".gap-end"), page.evaluate(box, ".lag-label.now")
    assert abs(end["y"] - (label["y"] + label["height"] / 2)) < 4
    assert 0 < label["x"] - end["x"] < 24
    plot, tick = page.evaluate(box, ".lag-chart > svg"), page.evaluate(box, ".lag-tick")
    assert abs(tick["y"] - plot["bottom"]) < 2
    foot = page.evaluate(box, ".gap-scale span:last-child")
    assert abs(foot["y"] + foot["height"] / 2 - plot["bottom"]) < 2
