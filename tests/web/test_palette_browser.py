"""Palette and keys in a real browser: by keyboard alone, said to assistive technology, and without a script."""

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


def test_the_palette_is_worked_by_keyboard_and_gives_the_focus_back(
    open_page: Callable[[str], Page], site: tuple[str, Any]
) -> None:
    page = open_page("/p/shop")
    field, chosen = page.locator("#palette-text"), page.locator("#hits [aria-selected='true']")
    answered = page.locator("#hits[aria-busy='false']")
    page.focus("#filter")
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.type("stripe")
    expect(answered).to_have_count(1)
    expect(page.locator("#hits .hit").first).to_contain_text("STRIPE_WEBHOOK_SECRET")
    expect(chosen).to_have_count(1)
    assert field.get_attribute("aria-activedescendant") == "hit-0"
    assert field.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id") == "hit-1"
    expect(field).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert chosen.get_attribute("id") == page.locator("#hits .hit").last.get_attribute("id")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("#filter")).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("strpie")
    expect(chosen).to_contain_text("Did you mean stripe?")
    page.keyboard.press("Enter")
    expect(page.locator("#hits .hit").nth(1)).to_contain_text("14.0.1")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    drift = site[1].project.drifts.get(name="pkg:pypi/stripe")
    page.wait_for_url(f"**/p/shop/d/{drift.id[:10]}")
    page.keyboard.press("Escape")
    page.wait_for_url("**/p/shop?section=dependencies")
    page.click("#search")
    # Whoever types faster than the server answers means the answer.
    page.keyboard.type("night")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.click("summary:has-text('Light or dark')")
    page.click("#preferences button:has-text('Off')")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.reload()
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    assert page.url.endswith("/p/shop?section=dependencies")


def test_without_a_script_the_field_is_a_form(browser: Browser, context: BrowserContext, site: tuple[str, Any]) -> None:
    plain = browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    page = plain.new_page()
    page.goto(f"{site[0]}/p/shop")
    page.fill("#search", "stripe")
    page.press("#search", "Enter")
    page.wait_for_url("**/search?in=shop&q=stripe")
    expect(page.locator("main .hit").first).to_contain_text("STRIPE_WEBHOOK_SECRET")
    page.fill("main #filter", "night")
    page.click("main button:has-text('Search')")
    page.click("main button:has-text('Change to dark')")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    plain.close()
