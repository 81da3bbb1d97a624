"""The pages of alerts in a real browser: the digest in its frame, rules by a form, and all of it without scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True),
    pytest.mark.timeout(240),
]


@pytest.fixture
def alerting(site: tuple[str, Any], settings: Any) -> Any:
    """The project with a delivery that waits, and its owner with what members begin with."""
    from django.utils import timezone

    from paritycheck.services.subscriptions import give_defaults

    settings.EMAIL_URL = "smtp://127.0.0.1:25"
    shop, now = site[1], timezone.now()
    give_defaults(project=shop.project, user=shop.owner, now=now)
    return shop.project.deliveries.create(
        kind="alert", recipient=shop.owner.email, subject="[shop] error: ci", dedupe="x", attempts=1,
        content={"title": "ci runs PostgreSQL 13", "badge": "error, new", "severity": "error"},
        due_at=now + timedelta(minutes=30), error="503 service unavailable",
    )  # fmt: skip


def test_the_digest_is_drawn_in_its_frame(alerting: Any, open_page: Callable[[str], Page]) -> None:
    del alerting
    page = open_page("/p/shop/alerts")
    page.locator(".mail-frame").scroll_into_view_if_needed()
    frame = page.frame_locator(".mail-frame")
    frame.get_by_role("heading").first.wait_for()
    page.click(".digest a:has-text('Text')")
    page.locator(".mail-frame").scroll_into_view_if_needed()
    page.frame_locator(".mail-frame").locator("pre").wait_for()


def test_a_form_asks_for_what_its_rule_needs(alerting: Any, open_page: Callable[[str], Page]) -> None:
    del alerting
    page = open_page("/p/shop/alerts/subscriptions")
    assert page.locator("#rule-quiet-from").is_visible()
    assert not page.locator("#rule-day").is_visible()
    page.check("#rule-digest")
    assert not page.locator("#rule-quiet-from").is_visible()
    assert not page.locator("#rule-cron").is_visible()
    page.select_option("#rule-day", "cron")
    page.fill("#rule-cron", "0 7 1 * *")
    page.fill("#rule-zone", "Asia/Tokyo")
    page.click("button:has-text('Add the rule')")
    page.wait_for_selector("text=on day 1 of each month at 07:00 Asia/Tokyo")


def test_a_delivery_is_opened_and_sent_now_without_scripts(
    alerting: Any, browser: Browser, site: tuple[str, Any]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site[0]}/p/shop/alerts")
    page.fill("#email", "maria@example.com")
    page.fill("#password", "a password of some length")
    page.click("button:has-text('Sign in')")
    page.click("a:has-text('ci runs PostgreSQL 13')")
    assert f"message {alerting.pk}" in page.inner_text(".deliveries .foot")
    page.click("button:has-text('Send now')")
    assert "Sent now by maria@example.com" in page.inner_text(".deliveries .foot")
    assert "on its way" in page.inner_text("tr[data-row].opened")
    page.click("button:has-text('Give up')")
    assert "given up" in page.inner_text("tr[data-row].opened")
    context.close()
