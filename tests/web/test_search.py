"""Search and palette: what is found, in which order, by whom; and that keys, sheet and scripts are one list."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck.web import acts, keys
from tests.web.conftest import make_shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
STATIC = Path(keys.__file__).parent / "static" / "paritycheck"
FILES = ("paritycheck.js", "keys.js", "palette.js")


def found(html: str) -> list[str]:
    """The lines of a page or of the palette's list, as text, without how long ago each was."""
    lines = re.findall(
        r'<span class="hit-text">(.*?)</span>\s*(?:<span class="hit-keys|</a>|</button>)', html, re.DOTALL
    )
    told = [" ".join(unescape(re.sub(r"<[^>]+>", " ", line)).split()) for line in lines]
    return [re.sub(r", [0-9]+ s$", "", line) for line in told]


def test_the_page_and_the_palette_find_the_same(drifted: Any, signed_in: Client) -> None:
    page = signed_in.get("/search?q=stripe&in=shop").content.decode()
    inside = signed_in.get("/search?q=stripe&in=shop", headers={"HX-Request": "true"}).content.decode()
    assert "<html" in page
    assert "<html" not in inside
    assert found(page) == found(inside)
    assert found(page)[:4] == [
        "Production has no STRIPE_WEBHOOK_SECRET Config keys",
        "Staging has pypi/stripe 14.0.1, production has 13.2.0 Dependencies",
        "STRIPE_WEBHOOK_SECRET Config keys, present in 3 of 4",
        "pypi/stripe Dependencies, present in 4 of 4",
    ]
    drift = drifted.project.drifts.get(name="pkg:pypi/stripe")
    assert f'href="/p/shop/d/{drift.id[:10]}"' in inside
    assert 'href="/p/shop?q=STRIPE_WEBHOOK_SECRET&amp;show=config"' in inside


@pytest.mark.usefixtures("drifted")
def test_a_service_is_found_by_its_kind_and_a_person_by_nothing_else(ask: Callable[[str], str]) -> None:
    assert "database Services, present in 4 of 4" in found(ask("/search?q=postgresql&in=shop"))
    assert any("@sentry/browser" in line for line in found(ask("/search?q=@sentry&in=shop")))
    assert found(ask("/search?q=django+pypi&in=shop"))[0].startswith("pypi/django")


@pytest.mark.usefixtures("drifted")
def test_what_is_mistyped_is_told_apart_from_what_is_missing(ask: Callable[[str], str]) -> None:
    near = ask("/search?q=rabbtimq&in=shop")
    assert "No fact matches &quot;rabbtimq&quot;</h1>" in near
    assert 'href="/search?q=rabbitmq&amp;in=shop">rabbitmq</a>?' in near
    assert "Did you mean" not in ask("/search?q=qqqqqqqq&in=shop")


def test_pages_actions_and_the_manual_are_found_by_what_they_are_about(ask: Callable[[str], str]) -> None:
    assert found(ask("/search?q=webhook"))[0] != ""
    assert "Change to dark" in found(ask("/search?q=night"))
    lines = found(ask("/search?in=shop"))
    assert {place.title for place in keys.OF_PROJECT} <= set(lines)
    assert {act.says for act in acts.ACTS} <= set(lines)


@pytest.mark.usefixtures("drifted")
def test_nothing_of_a_foreign_project_is_found_by_anyone_else(shop: Any, client: Client) -> None:
    other = make_shop("other", "paul@example.com")
    other.report("production", other.facts("dependencies", "pkg:pypi/only-theirs", value="1.0"))
    other.report("staging", other.facts())
    client.force_login(shop.owner)
    for query in ("theirs", "other", "", "staging", "django"):
        for headers in ({}, {"HX-Request": "true"}):
            html = client.get("/search", {"q": query}, headers=headers).content.decode()
            assert "/p/other" not in html
            assert not any("theirs" in line for line in found(html))
    foreign, missing = (client.get("/search", {"q": "django", "in": slug}) for slug in ("other", "never-was"))
    assert (foreign.status_code, foreign.content) == (404, missing.content)
    client.force_login(other.owner)
    assert "only-theirs" in " ".join(found(client.get("/search?q=only-theirs").content.decode()))


def test_hostile_words_and_names_stay_text(drifted: Any, ask: Callable[[str], str]) -> None:
    name = "<img src=x onerror=alert(1)>\u202e%_'"
    drifted.report("staging", drifted.facts("runtime", name, value="1"))
    html = ask("/search?in=shop&q=%3Cimg+src")
    assert "<img" not in html
    assert "\u202e" not in html
    assert "&lt;img" in html
    for query in ("%25", "_", "'", "\\", "%00", "x" * 5000):
        ask(f"/search?in=shop&q={query}")


def test_each_key_of_the_sheet_has_an_act_and_each_act_its_word() -> None:
    """What the sheet promises a script does; what a script does by a key stands in the sheet."""
    scripts = "".join((STATIC / name).read_text(encoding="utf-8") for name in FILES)
    told = {key.act for line in (*keys.MOVING, *keys.DOING) for key in line.keys if key.act}
    defined = set(re.findall(r'^\s+(?:"([a-z-]+)"|([a-z]+)): \(\)', scripts, re.MULTILINE))
    does = {one or other for one, other in defined}
    assert told - {"choose"} <= does
    assert {act.act for act in acts.ACTS if act.act} <= told
    assert re.findall(r'event\.key === "(?!Escape|Enter|g")', scripts) == []


def test_each_place_that_a_key_leads_to_is_on_the_sheet(ask: Callable[[str], str]) -> None:
    html = ask("/p/shop")
    leads = set(re.findall(r'data-key-go="g(\w)"', html))
    sheet = set(re.findall(r'<kbd data-go="(\w)">', html))
    assert leads == sheet == {place.key for place in keys.GOING}
    assert len(keys.GOING) == len(sheet)


def test_single_keys_are_switched_off_by_a_form_and_stay_off(signed_in: Client) -> None:
    assert "data-keys=" not in signed_in.get("/").content.decode().partition("<head>")[0]
    assert signed_in.post("/preferences", {"keys": "off", "next": "/"}).status_code == 302
    assert 'data-keys="off"' in signed_in.get("/").content.decode().partition("<head>")[0]


def test_the_manual_that_was_drawn_ahead_is_not_drawn_when_somebody_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    from paritycheck.web import manual_index

    manual_index.draw_ahead()

    def drawn(*_: Any) -> str:
        raise AssertionError("drawn while somebody waits")

    monkeypatch.setattr(manual_index, "render_to_string", drawn)
    assert manual_index.find("baseline", 5)
    assert manual_index.find("baseline", 5, named=True)
