"""The matrix in fast hands: keys, the popover, rows selected and waived together, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True),
    pytest.mark.timeout(180),
]
FACT, CELL = "services/database", "ci/services/database"


def state_of(shop: Any, **wanted: Any) -> set[str]:
    return set(shop.project.drifts.filter(**wanted).values_list("state", flat=True))


def test_a_row_is_selected_waived_and_taken_back_by_keys(
    context: BrowserContext, open_page: Callable[[str], Page], site: tuple[str, Any]
) -> None:
    # A refresh that a click cuts off is no news, but the browser tells it.
    context.route("**/live?*", lambda route: route.fulfill(status=204))
    page = open_page("/p/shop?section=services")
    bar, dialog = page.locator("#pick"), page.locator("#waive")
    expect(bar).to_be_hidden()
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text }")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar).to_contain_text("1 fact selected, 1 open drift")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar).to_contain_text("2 facts selected, 2 open drifts")
    page.keyboard.press("c")
    assert page.evaluate("window.copied").startswith(f"{site[0]}/p/shop/cell?")
    page.keyboard.press("w")
    expect(dialog).to_contain_text("Waive 2 drifts of 2 facts")
    expect(dialog.locator("#waive-preview")).to_contain_text("Hides 2 open drifts now")
    page.keyboard.type("both move together")
    dialog.get_by_label("when either side changes").check()
    expect(dialog.locator("button.solid")).to_have_text("Waive until either side changes")
    dialog.locator("button.solid").click()
    said = page.locator("[data-said]")
    expect(said).to_contain_text("Waived until either side changes.")
    assert page.url == f"{site[0]}/p/shop?section=services"
    assert state_of(site[1], name__in=["database", "cache"], left__slug__in=["ci", "development"]) == {"waived"}
    expect(page.locator(f"[data-key='{CELL}']").locator("..")).to_have_class("cell is-waived")
    said.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-said]")).to_contain_text("Waiver ended")
    assert page.url == f"{site[0]}/p/shop?section=services"
    assert state_of(site[1]) == {"open"}
    assert site[1].project.waivers.get().reason == "both move together"


def test_a_mistake_is_told_in_the_dialog_and_nothing_typed_is_lost(
    open_page: Callable[[str], Page], site: tuple[str, Any]
) -> None:
    page = open_page("/p/shop")
    page.hover(f"[data-key='{CELL}']")
    page.locator(".pop").get_by_role("link", name="Waive").click()
    dialog = page.locator("#waive")
    expect(dialog).to_contain_text("Waive 1 drift")
    dialog.get_by_label("Owner").fill("platform")
    dialog.locator("button.solid").click()
    expect(dialog.get_by_role("alert")).to_have_text("Not saved: a waiver needs a reason")
    assert dialog.get_by_label("Owner").input_value() == "platform"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert site[1].project.waivers.count() == 0


def test_what_is_selected_outlives_a_report_and_the_view_is_copied_as_a_table(
    open_page: Callable[[str], Page], site: tuple[str, Any]
) -> None:
    page = open_page("/p/shop")
    page.hover(f"tr:has([value='{FACT}']) th")
    page.check(f"[value='{FACT}']")
    site[1].report("staging", site[1].facts("runtime", "node", value="20.1.0"))
    expect(page.locator("[data-key='staging/runtime/node']")).to_contain_text("20.1.0", timeout=15_000)
    expect(page.locator(f"[value='{FACT}']")).to_be_checked()
    page.locator("#pick [data-pick-all]").click()
    assert page.locator(".pick :checked").count() == page.locator(".pick input").count() > 1
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#pick")).to_be_hidden()
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text }")
    page.click("[data-copy-view]")
    copied = page.evaluate("window.copied")
    assert "| ci | staging | production (baseline) |" in copied
    assert "| error | database (DATABASE_URL version) | = 16.14 | ≠ 13.23 | = 16.14 | = 16.14 |" in copied


def test_the_same_is_done_without_scripts(browser: Browser, site: tuple[str, Any]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site[0]}/sign-in?next=/p/shop%3Fsection%3Dservices")
    page.fill("#email", "maria@example.com")
    page.fill("#password", "a password of some length")
    page.click("button:has-text('Sign in')")
    expect(page.locator("#pick")).to_be_hidden()
    for box in page.locator(".pick input").all():
        box.check(force=True)
    page.click("#pick button:has-text('Waive')")
    expect(page.locator("#waive-form")).to_contain_text("2 drifts, one by one")
    page.fill("#waive-reason", "without a script")
    page.click("#waive-form button.solid")
    assert page.url == f"{site[0]}/p/shop?section=services"
    assert state_of(site[1], section="services") == {"waived"}
    page.click("[data-said] button:has-text('Undo')")
    assert page.url == f"{site[0]}/p/shop?section=services"
    assert state_of(site[1]) == {"open"}
    context.close()
