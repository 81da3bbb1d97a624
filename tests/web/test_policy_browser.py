"""The policy's page in a real browser: a draft is tried while it is written, and without scripts by its buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True),
    pytest.mark.timeout(180),
]


def test_a_policy_is_tried_while_it_is_written(open_page: Callable[[str], Page]) -> None:
    page = open_page("/p/shop/settings/policy")
    page.fill("#draft", '[tools.services]\n"*" = "ignore"\n')
    page.wait_for_selector("#trial li:has-text('database') >> text=resolves")
    page.wait_for_selector("#backtest:has-text('Would have opened')")
    assert page.locator("#save").is_enabled()
    page.wait_for_selector("#draft.fresh")
    page.fill("#draft", '[tools.services]\n"*" = "same-magor"\n')
    page.wait_for_selector("#draft-mistakes:has-text('line 2, column 7')")
    assert page.locator(".is-wrong i").inner_text() == "2"
    assert page.locator("#save").is_disabled()
    assert page.locator("#draft").input_value().endswith('"same-magor"\n')


def test_the_lines_lie_under_the_text_that_is_typed_over_them(open_page: Callable[[str], Page]) -> None:
    text = "".join(f'"{at}" = "same"  # {"a long remark, " * at}\n' for at in range(12))
    for width in (1440, 390):
        page = open_page("/p/shop/settings/policy")
        page.set_viewport_size({"width": width, "height": 900})
        page.fill("#draft", f"[tools.services]\n{text}")
        page.wait_for_selector("#draft.fresh")
        heights = page.evaluate("['#draft', '#draft-lines'].map(one => document.querySelector(one).scrollHeight)")
        assert abs(heights[0] - heights[1]) <= 1, width


def test_a_policy_is_tried_and_saved_without_scripts(browser: Browser, site: tuple[str, Any]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site[0]}/p/shop/settings/policy")
    page.fill("#email", "maria@example.com")
    page.fill("#password", "a password of some length")
    page.click("button:has-text('Sign in')")
    page.fill("#draft", "[tyme]")
    page.click("button:has-text('Check and preview')")
    assert "Did you mean `time`?" in page.inner_text("#draft-mistakes")
    page.fill("#draft", "[time]")
    page.click("button:has-text('Run the back-test')")
    assert "Save as v1" in page.inner_text(".page-head"), "a mistake closes the button until the draft is checked"
    page.click("button:has-text('Save as v1')")
    assert "v1 in force" in page.inner_text(".title")
    context.close()
