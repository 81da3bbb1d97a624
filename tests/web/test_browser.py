"""The pages in a real browser: what scripts add, and what narrow screens and dark ground make of them."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from playwright.sync_api import expect

from paritycheck.web.pipelines import EXAMPLES, STAND_IN, folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, Route

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True),
    pytest.mark.timeout(180),
]


def test_what_is_copied_from_the_manual_is_the_file_line_by_line(open_page: Callable[[str], Page]) -> None:
    page = open_page("/docs/pipelines")
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text }")
    for example in EXAMPLES:
        page.click(f"[data-copy='#{example.slug}-file']")
        copied = page.evaluate("window.copied")
        written = (folder() / example.file).read_text(encoding="utf-8").replace(STAND_IN, settings.PUBLIC_URL)
        assert copied == written.rstrip("\n")


def test_the_theme_follows_the_system_and_can_be_chosen(open_page: Callable[[str], Page]) -> None:
    page = open_page("/p/shop")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(246, 247, 248)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) == "rgb(13, 17, 21)"
    page.click("summary:has-text('Light or dark')")
    page.click("button:has-text('Light') >> nth=-1")
    assert page.evaluate(ground) == "rgb(246, 247, 248)"
    page.reload()
    assert page.evaluate(ground) == "rgb(246, 247, 248)"


def test_the_matrix_is_walked_with_keys(open_page: Callable[[str], Page], site: tuple[str, Any]) -> None:
    page = open_page("/p/shop")
    cell = "document.activeElement.dataset.key"
    page.keyboard.press("j")
    assert page.evaluate(cell) == "development/services/cache"
    page.keyboard.press("j")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(cell) == "ci/services/database"
    page.keyboard.press("l")
    page.keyboard.press("h")
    page.keyboard.press("k")
    assert page.evaluate(cell) == "ci/services/cache"
    assert page.locator("#matrix [data-cell][tabindex='0']").count() == 1
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    drift = site[1].project.drifts.get(name="database")
    page.wait_for_url(f"**/d/{drift.id[:10]}")
    page.keyboard.press("k")
    page.wait_for_function(f"!location.pathname.endsWith('{drift.id[:10]}')")
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url("**/environments")


def test_slash_filters_while_typing_and_the_address_says_so(open_page: Callable[[str], Page]) -> None:
    page = open_page("/p/shop")
    page.keyboard.press("/")
    page.keyboard.type("stripe")
    expect(page.locator("tr[data-row]")).to_have_count(2)
    assert page.url.endswith("/p/shop?q=stripe")
    page.keyboard.type("_w")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    assert page.input_value("#filter") == "stripe_w"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()


def test_a_cell_shows_both_sides_when_pointed_at(open_page: Callable[[str], Page]) -> None:
    page = open_page("/p/shop")
    page.hover("[data-key='ci/services/database']")
    pop = page.locator(".pop")
    expect(pop).to_contain_text("13.23")
    expect(pop).to_contain_text(".github/workflows/ci.yml:31")
    expect(pop).to_contain_text("16.14")
    box, cell = pop.bounding_box(), page.locator("[data-key='ci/services/database']").bounding_box()
    assert box is not None
    assert cell is not None
    assert 0 <= box["y"] - (cell["y"] + cell["height"]) < 10
    page.keyboard.press("Escape")
    expect(pop).to_have_count(0)


def test_what_waits_is_bars_what_is_lost_says_since_when_and_what_fails_leaves_the_page(
    open_page: Callable[[str], Page], said: list[str]
) -> None:
    page = open_page("/p/shop")

    def late(route: Route) -> None:
        page.wait_for_timeout(900)
        route.continue_()

    page.route("**/p/shop?q=*", late)
    page.fill("#filter", "stripe")
    page.wait_for_selector("main[aria-busy='true']")
    colour = page.locator("main .fact-name >> nth=0").evaluate("node => getComputedStyle(node).color")
    assert colour == "rgba(0, 0, 0, 0)"
    expect(page.locator("tr[data-row]")).to_have_count(2)
    expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")
    page.context.set_offline(True)
    page.evaluate("htmx.trigger('#live', 'parity:look')")
    expect(page.locator("#lost")).to_contain_text("Connection lost at")
    assert str(page.locator("#lost time").get_attribute("title")).endswith("GMT")
    page.fill("#filter", "stripe_w")
    expect(page.locator("#toasts")).to_contain_text("What you see is as it was.")
    expect(page.locator("tr[data-row]")).to_have_count(2)
    page.context.set_offline(False)
    page.click("#lost button")
    expect(page.locator("#lost")).to_have_count(0)
    assert [text for text in said if "ERR_INTERNET_DISCONNECTED" not in text and not text.startswith("htmx:")] == []
    said.clear()


def test_equal_facts_unfold_in_place(open_page: Callable[[str], Page]) -> None:
    page = open_page("/p/shop")
    page.click("#group-runtime a:has-text('Show')")
    expect(page.locator("#group-runtime tr[data-row]")).to_have_count(2)
    assert page.url.endswith("/p/shop")
    page.click("#group-runtime a:has-text('Hide')")
    expect(page.locator("#group-runtime tr[data-row]")).to_have_count(0)


def test_a_report_shows_without_a_reload_and_only_what_changed_moves(
    open_page: Callable[[str], Page], site: tuple[str, Any]
) -> None:
    page = open_page("/p/shop")
    page.evaluate("window.mark = 1")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    site[1].report("ci", site[1].facts("services", "database", value="12.9"), "run-8841")
    expect(page.locator("[data-key='ci/services/database']")).to_contain_text("12.9", timeout=15_000)
    changed = page.eval_on_selector_all(".changed", "(nodes) => nodes.map((node) => node.dataset.key)")
    assert "ci/services/database" in changed
    assert "staging/dependencies/pkg:pypi/stripe" not in changed
    assert page.evaluate("window.mark") == 1


def test_a_lost_connection_says_so_and_comes_back(open_page: Callable[[str], Page], said: list[str]) -> None:
    page = open_page("/p/shop")
    live = page.locator("#live")
    page.route("**/live?*", lambda route: route.abort())
    page.evaluate("htmx.config.timeout = 500; htmx.trigger('#live', 'parity:look')")
    expect(live).to_contain_text("Connection lost at")
    page.unroute("**/live?*")
    page.evaluate("htmx.trigger('#live', 'parity:look')")
    expect(live).to_contain_text("Live since")
    assert said
    said.clear()


def test_a_session_that_ended_leads_to_the_sign_in_page(
    open_page: Callable[[str], Page], context: BrowserContext
) -> None:
    page = open_page("/p/shop")
    context.clear_cookies()
    page.evaluate("htmx.trigger('#live', 'parity:look')")
    page.wait_for_url("**/sign-in?next=/p/shop")
    assert page.locator("h1").inner_text() == "Sign in"


def test_everything_reads_without_scripts(browser: Browser, site: tuple[str, Any]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site[0]}/p/shop")
    page.fill("#email", "maria@example.com")
    page.fill("#password", "a password of some length")
    page.click("button:has-text('Sign in')")
    assert page.url == f"{site[0]}/p/shop"
    assert page.locator("tr[data-row]").count() == 5
    page.click("#group-runtime a:has-text('Show')")
    assert page.locator("#group-runtime tr[data-row]").count() == 2
    page.fill("#filter", "stripe")
    with page.expect_navigation():
        page.press("#filter", "Enter")
    assert page.locator("tr[data-row]").count() == 2
    page.click("a.cell-in >> nth=2")
    assert "stripe" in page.inner_text("h1").lower()
    page.click("summary:has-text('Light or dark')")
    page.click("button:has-text('Dark')")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.click("summary:has-text('Account of')")
    page.click("button:has-text('Sign out')")
    assert page.url.endswith("/sign-in")
    assert page.locator("[data-needs-script]:visible").count() == 0
    context.close()


def test_on_a_phone_a_fact_is_a_block_that_names_its_environments(open_page: Callable[[str], Page]) -> None:
    page = open_page("/p/shop")
    page.set_viewport_size({"width": 390, "height": 844})
    row = page.locator("tr[data-row]", has_text="DATABASE_URL").first
    lines = row.inner_text().split("\n")
    assert [line for line in lines if line in {"development", "ci", "staging", "production"}] == ["ci", "production"]
    assert "same in development and staging" in row.inner_text()
    for selector in (".button:visible", ".menu > summary:visible", ".filters .input"):
        assert all(box["height"] >= 44 for box in (node.bounding_box() for node in page.locator(selector).all()) if box)


def test_the_head_stays_while_the_rows_scroll(open_page: Callable[[str], Page], site: tuple[str, Any]) -> None:
    packages = [{"name": f"pkg:pypi/lib-{at:03d}", "value": "1.0"} for at in range(80)]
    for environment in ("production", "staging"):
        site[1].report(environment, {**site[1].facts(), "dependencies": packages})
    page = open_page("/p/shop?show=dependencies")
    page.evaluate("window.scrollTo(0, 1200)")
    head = page.locator(".heads th").nth(1).bounding_box()
    assert head is not None
    assert head["y"] == 48


def test_from_six_environments_on_the_baseline_stays_and_the_rest_scrolls(
    open_page: Callable[[str], Page], site: tuple[str, Any]
) -> None:
    for at in range(6):
        site[1].project.environments.create(slug=f"review-{at}", tier="development")
    page = open_page("/p/shop")
    assert page.evaluate("document.documentElement.scrollWidth") == 1440
    assert page.locator(".heads th a").all_inner_texts()[0] == "development"
    assert page.locator(".heads th a").last.inner_text().startswith("production")
    base, first = page.locator("td.base").first, page.locator("tr[data-row] th").first
    before = base.bounding_box(), first.bounding_box()
    page.locator(".wide").evaluate("(node) => { node.scrollLeft = 300 }")
    assert (base.bounding_box(), first.bounding_box()) == before


def test_hostile_strings_run_nothing(open_page: Callable[[str], Page], site: tuple[str, Any]) -> None:
    payload = "<img src=x onerror=\"document.title='owned'\">"
    site[1].report("staging", site[1].facts("runtime", f"tool.{payload}", value=payload), payload)
    page = open_page("/p/shop?show=runtime")
    page.hover("[data-key^='staging/runtime/tool.']")
    expect(page.locator(".pop")).to_contain_text("onerror")
    for path in ("/p/shop/environments/staging", "/p/shop/environments/staging/2?section=runtime"):
        open_page(path)
        assert "owned" not in page.title()
        assert page.locator("img").count() == 0


def test_the_command_as_it_is_copied_reports_and_the_page_that_waits_says_so(
    open_page: Callable[[str], Page], site: tuple[str, Any], tmp_path: Path, settings: Any
) -> None:
    settings.PUBLIC_URL = site[0]
    # Without git there is no release to tell of, and the page says so.
    (tmp_path / "requirements.txt").write_text("stripe==14.0.1\n")
    site[1].project.environments.create(slug="review", tier="development")
    page = open_page("/p/shop/start?environment=review")
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text }")
    page.click("button:has-text('Make token'):visible")
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text }")
    expect(page.locator("#waiting")).to_contain_text("Waiting for the first report")
    page.click("label[for='at-ci']")
    expect(page.locator("#doctor")).to_contain_text("parity.pyz doctor")
    expect(page.locator("#doctor button")).to_be_visible()
    page.click("label[for='at-laptop']")
    page.click("[data-copy='#run-laptop-1']")
    copied = page.evaluate("window.copied")
    script = f"{copied}\n{page.inner_text('#show-laptop')} | grep -c stripe"
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PARITY_INSTANCE_KIND": "laptop"}
    done = subprocess.run(["sh", "-ec", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "report taken" in done.stdout
    expect(page.locator("[data-step='report'].is-done")).to_contain_text("6 of 7 sections read", timeout=15_000)
    expect(page.locator("#waiting")).to_contain_text("review reports")
    assert page.locator("#run-laptop-1").inner_text().strip() == copied
    page.click("#waiting a:has-text('See what differs')")
    page.wait_for_url("**/p/shop")


def test_a_passkey_is_made_signs_in_alone_and_is_taken_away(
    open_page: Callable[[str], Page], context: BrowserContext, site: tuple[str, Any]
) -> None:
    from paritycheck.models import AuditEntry

    page = open_page("/account/passkeys")
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**device, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    page.click("text=Add one")
    page.fill("#password", "a password of some length")
    page.click("button:has-text('Go on')")
    page.fill("#name", "Work laptop")
    page.click("button:has-text('Add')")
    page.wait_for_url("**/account/two-factor/codes")
    page.goto(f"{site[0]}/account/passkeys")
    expect(page.locator(".list")).to_contain_text("Work laptop")
    page.click("summary:has-text('Account of')")
    page.click("button:has-text('Sign out')")
    page.wait_for_url("**/sign-in")
    page.goto(f"{site[0]}/sign-in?next=/p/shop")
    page.click("button:has-text('Sign in with a passkey')")
    page.wait_for_url(f"{site[0]}/p/shop")
    page.goto(f"{site[0]}/account/passkeys")
    page.click("text=Remove")
    page.fill("#password", "a password of some length")
    page.click("button:has-text('Go on')")
    page.click("button:has-text('Remove')")
    expect(page.locator("main h2")).to_have_text("No passkey yet")
    acts = set(AuditEntry.objects.filter(action__startswith="account.factor").values_list("action", flat=True))
    assert acts == {"account.factor-added", "account.factor-removed"}
