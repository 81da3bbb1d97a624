"""Every page in a real browser, as everybody who may see it: nothing complains, nothing overflows, all can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.web import every_page as every
from tests.web.furnished import Furnished, furnished
from tests.web.walking import IN_DARK, IN_LIGHT, Walk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True),
    pytest.mark.timeout(600),
]

# Each look makes a new secret; browsers make passkeys by script alone, which the page says without one; and a back-test
# begins by itself, or by its button.
UNLIKE = ("/account/two-factor", "/account/passkeys/add", "/p/shop/settings/policy")


@pytest.fixture
def place(site: tuple[str, Any], settings: Any) -> Furnished:
    settings.EMAIL_URL, settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = "smtp://127.0.0.1:25", 3600
    return furnished(site[1])


@pytest.fixture
def walk(
    browser: Browser, site: tuple[str, Any], place: Furnished, tmp_path: Path, pytestconfig: pytest.Config
) -> Walk:
    return Walk(browser, site[0], place.ids, tmp_path, long=pytestconfig.getoption("--long"))


def test_every_route_is_on_the_list() -> None:
    from paritycheck.web.signing.urls import urlpatterns as signing
    from paritycheck.web.urls import urlpatterns

    pages = set().union(*every.LISTS)
    assert {pattern.name for pattern in (*urlpatterns, *signing)} == pages | every.POSTED | every.PARTS | every.PASSING


def test_every_page_as_owner_and_administrator(place: Furnished, walk: Walk) -> None:
    addresses = every.templates if walk.long else every.plain
    walk.go("owner", place.clients["owner"], addresses(every.OWN, every.OF_MAINTAINERS))
    walk.go("owner", place.clients["owner"], addresses(every.OF_PROJECT), looks=IN_LIGHT)
    walk.go("owner", place.clients["owner"], ["/p/none"], status=404)
    walk.read("owner", place.clients["owner"], every.templates(every.FRAMED))
    walk.go("administrator", place.clients["administrator"], every.templates(every.OF_ADMINISTRATORS))
    assert walk.faults == []


def test_every_page_as_member_and_viewer_and_before_signing_in(place: Furnished, walk: Walk) -> None:
    walk.go("member", place.clients["member"], every.templates(every.GUARDED))
    walk.go("halfway", place.clients["halfway"], every.templates(every.HALFWAY))
    walk.go("stranger", None, every.templates(every.SIGNING_IN, every.OPEN))
    pages = every.templates(every.OF_PROJECT, every.OPEN) if walk.long else every.plain(every.OF_PROJECT)
    walk.go("member", place.clients["member"], pages, looks=IN_DARK)
    walk.go("viewer", place.clients["viewer"], pages, looks={})
    assert walk.faults == []


def test_every_page_tells_the_same_without_scripts(place: Furnished, walk: Walk) -> None:
    # In the manual a script adds buttons that copy, and nothing else.
    lists = every.OWN, every.OF_PROJECT, every.OF_MAINTAINERS
    pages = every.templates(*lists, every.OPEN) if walk.long else every.plain(*lists)
    walk.compare_without_script(place.clients["owner"], [page for page in pages if page not in UNLIKE])
    assert walk.faults == []


def test_on_paper_and_in_forced_colours_signs_are_text_in_borders(
    place: Furnished, walk: Walk, open_page: Callable[[str], Page]
) -> None:
    glyph, fold = ".is-different .glyph", "details:not(.menu) > :not(summary)"
    border = "(node) => getComputedStyle(node).borderBottomStyle"
    painted = "(node) => getComputedStyle(node, '::before').content"
    for path in ("/p/shop?show=dependencies", f"/p/shop/d/{place.ids['drift']}", "/p/shop/time"):
        page = open_page(path)
        page.emulate_media(media="print", color_scheme="dark", forced_colors="none")
        walk.picture(page, path, "paper")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 247, 248)"
        assert page.locator(".filters:visible, .tabs:visible, .bar-end:visible, .button:visible").count() == 0, path
        assert [node.inner_text() for node in page.locator(fold).all() if not node.is_visible()] == [], path
        page.emulate_media(media="screen", color_scheme="light", forced_colors="active")
        walk.picture(page, path, "forced")
    page = open_page("/p/shop")
    looks: tuple[dict[str, Any], ...] = ({"media": "print"}, {"media": "screen", "forced_colors": "active"})
    for look in looks:
        page.emulate_media(**look)
        assert page.locator(glyph).first.evaluate(painted) == "none"
        assert "\N{NOT EQUAL TO}" in page.locator(glyph).first.inner_text()
        assert page.locator(".is-different .cell-in").first.evaluate(border) == "solid"
