"""The form that waives in a real browser: what its preview draws anew never takes a click away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True),
    pytest.mark.timeout(180),
]
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def page(open_page: Callable[[str], Page], site: tuple[str, Any]) -> Page:
    drift = site[1].project.drifts.filter(state="open", left__slug="ci").first()
    return open_page(f"/p/shop/d/{drift.id[:10]}")


def press(page: Page) -> None:
    """The button goes down, and stays there."""
    box = page.locator("#waive-form button.solid").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()


def test_leaving_a_field_for_the_button_is_one_click(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method) if "hx-request" in request.headers else None)
    page.click("#waive-reason")
    page.keyboard.type("CI image follows in OPS-131")
    press(page)
    page.evaluate(DRAWN)
    page.mouse.up()
    expect(page.locator("#waiver")).to_contain_text("Waived until", timeout=15_000)
    assert "POST" not in asked


def test_a_preview_that_comes_while_the_button_is_down_waits(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route) if "hx-request" in route.request.headers else route.continue_()

    page.route("**/waive", hold)
    page.fill("#waive-owner", "Payments")
    page.fill("#waive-reason", "CI image follows in OPS-131")
    page.keyboard.press("Tab")
    page.wait_for_function("document.querySelector('#waive-form.htmx-request')")
    page.wait_for_timeout(100)
    press(page)
    with page.expect_response("**/waive"):
        held[-1].continue_()
    page.wait_for_function("!document.querySelector('#waive-form.htmx-request')")
    page.evaluate(DRAWN)
    page.mouse.up()
    expect(page.locator("#waiver")).to_contain_text("Waived until", timeout=15_000)
