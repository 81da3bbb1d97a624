"""The history of an environment: gone through in place with a browser, by links without its scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True),
    pytest.mark.timeout(180),
]
HISTORY = "/p/shop/environments/staging"


def test_arrow_keys_and_clicks_go_through_snapshots_in_place(
    open_page: Callable[[str], Page], site: tuple[str, Any]
) -> None:
    for version in ("20.1.0", "22.1.0", "24.1.0"):
        site[1].report("staging", site[1].facts("runtime", "node", value=version))
    page = open_page(HISTORY)
    changed, head = page.locator("#scrub-changed"), page.locator("#scrub-head")
    expect(changed).to_contain_text("Changed in staging#4")
    page.evaluate("window.mark = 1")
    page.focus("#scrub")
    page.keyboard.press("ArrowLeft")
    expect(changed).to_contain_text("Changed in staging#3")
    expect(changed).to_contain_text("20.1.0")
    expect(page.locator("#scrub")).to_have_attribute("aria-valuetext", re.compile(r"staging#3, .*1 fact changed"))
    assert page.url.endswith(f"{HISTORY}?at=3")
    page.keyboard.press("Home")
    expect(head).to_contain_text("first report")
    page.click("#bars a >> nth=1", position={"x": 2, "y": 40})
    expect(changed).to_contain_text("Changed in staging#2")
    page.keyboard.press("Escape")
    page.locator("#scrub").evaluate("(node) => node.blur()")
    page.keyboard.press("j")
    expect(changed).to_contain_text("Changed in staging#3")
    marked = page.locator("#bars .chosen .bar").get_attribute("x")
    assert page.locator("#handle").get_attribute("x") == marked
    assert page.evaluate("window.mark") == 1
    # What arrives meanwhile is drawn, and the snapshot that is looked at stays.
    site[1].report("staging", site[1].facts("runtime", "node", value="25.0.0"))
    expect(page.locator("#bars a")).to_have_count(5, timeout=15_000)
    expect(changed).to_contain_text("Changed in staging#3")
    page.reload()
    expect(changed).to_contain_text("Changed in staging#3")
    assert page.locator("#scrub").input_value() == "2"
