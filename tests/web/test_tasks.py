"""How many clicks, and how many fields to type into, three tasks take of somebody who opens the first page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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


class Hand:
    """Counts what it does: a press of the mouse each, and each field that is typed into, which is pressed first."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.typed = page, 0, 0

    def click(self, selector: str, x: int | None = None) -> None:
        """In its middle, or so far from its left."""
        self.page.click(selector, position=None if x is None else {"x": x, "y": 8})
        self.clicks += 1

    def type(self, selector: str, keys: str, x: int | None = None) -> None:
        self.click(selector, x)
        self.page.keyboard.type(keys)
        self.typed += 1


def test_from_the_first_page_to_the_worst_drift_its_line_and_its_waiver(
    open_page: Callable[[str], Page], site: tuple[str, Any]
) -> None:
    from paritycheck.models import Project

    shop = site[1]
    calm = Project.objects.create(slug="a-calm-one")
    calm.memberships.create(user=shop.owner, role="owner")
    calm.environments.create(slug="production", tier="production")

    hand = Hand(open_page("/"))
    worst = hand.page.inner_text("tbody tr:first-child .finding a")
    hand.click("tbody tr:first-child .finding a")
    hand.page.wait_for_url("**/p/shop/d/*")
    assert worst in hand.page.inner_text("h1")
    assert hand.page.locator("main .badge >> nth=0").inner_text() == "error"
    assert hand.clicks == 1, "the worst drift of the worst project"

    # Through the matrix, as an engineer comes: the project, the red cell, the line, and it is in the clipboard.
    hand = Hand(open_page("/"))
    hand.click("tbody tr:first-child th a")
    hand.click("[data-key='ci/services/database']")
    line = hand.page.locator("section:has(> h2:text-is('The line to change'))")
    expect(line).to_be_in_viewport()
    expect(line).to_contain_text(".github/workflows/ci.yml")
    expect(line).to_contain_text("16.14")
    assert hand.clicks <= 3, "the line to change"
    assert hand.typed == 0

    hand = Hand(open_page("/"))
    hand.click("tbody tr:first-child .finding a")
    hand.type("#waive-reason", "CI image follows in OPS-131")
    last = datetime.now(UTC).date() + timedelta(days=20)
    # Each part of a date is a field of its own; the first one leads to the others.
    hand.type("[name=date]", f"{last:%m%d%Y}", x=14)
    hand.click("#waive-form button.solid")
    expect(hand.page.locator("#waiver")).to_contain_text(f"Waived until {last.day}\u00a0{last:%b}", timeout=15_000)
    assert hand.clicks <= 5, "waived, with a reason and an end of one's own"
    assert hand.typed == 2
    assert shop.project.waivers.get().reason == "CI image follows in OPS-131"
