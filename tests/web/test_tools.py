"""The tools page: its first sentence is the answer, every number leads to what it is made of, no laptop is named."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])


def text_of(html: str) -> str:
    plain = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(plain)).strip()


def row_of(page: str, name: str) -> str:
    rows: list[str] = re.findall(r"<tr data-row>.*?</tr>", page, re.DOTALL)
    return next(row for row in rows if f"/environments/{name}" in row)


@pytest.mark.usefixtures("drifted")
def test_the_first_sentence_names_the_farthest_and_each_row_its_sections(ask: Callable[[str], str]) -> None:
    page = ask("/p/shop/tools")
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert heading is not None
    told = re.fullmatch(r"(\w+) is furthest from production, parity (\d+) % error", text_of(heading[1]))
    assert told is not None
    parities = {
        name: int(text_of(row_of(page, name)).split("%")[0].split()[-1]) for name in ("development", "ci", "staging")
    }
    assert min(parities.values()) == int(told[2]) == parities[told[1].lower()]
    ci = row_of(page, "ci")
    assert re.search(r'href="/p/shop\?section=services"[^>]*>.*?1 error', ci, re.DOTALL)
    assert "coverage" in text_of(ci)


@pytest.mark.usefixtures("drifted")
def test_a_number_of_drifts_leads_to_those_in_the_matrix(ask: Callable[[str], str]) -> None:
    for href in re.findall(r'class="apart" href="([^"]+)"', row_of(ask("/p/shop/tools"), "staging")):
        assert 'id="matrix"' in ask(href) or "No fact matches" in ask(href) or "Nothing" in ask(href), href


@pytest.mark.usefixtures("drifted")
def test_distances_are_numbers_beside_bars_whose_parts_say_what_they_are(ask: Callable[[str], str]) -> None:
    page = ask("/p/shop/tools")
    table = re.search(r'<table class="table blocks[^"]*far-table.*?</table>', page, re.DOTALL)
    assert table is not None
    (ci,) = [row for row in re.findall(r"<tr>.*?</tr>", table[0], re.DOTALL) if "ci:" in row]
    counts = [int(count) for count in re.findall(r'<td class="num"[^>]*>(\d+)</td>', ci)]
    assert counts == [0, 0, 1, 1]
    titles = re.findall(r"<title>([^<]+)</title>", ci)
    assert titles == ["ci: 1 fact a major version apart", "ci: 1 fact of another kind or absent"]
    widths = [float(width) for width in re.findall(r'<rect class="far-\d"[^>]*width="([\d.]+)%"', ci)]
    assert widths[0] == widths[1] > 0


def test_laptops_are_squares_and_nobody_is_named(drifted: Any, ask: Callable[[str], str]) -> None:
    few = ask("/p/shop/tools")
    assert "Fewer than three report now" in few
    for number in range(2, 5):
        facts = drifted.facts("services", "cache", value="8.0") if number == 2 else drifted.facts()
        drifted.report("development", facts, f"of-person-{number}")
    page = ask("/p/shop/tools")
    panel = re.search(r'<section class="panel" aria-label="development">.*?</section>', page, re.DOTALL)
    assert panel is not None
    assert "4 laptops as one population" in text_of(panel[0])
    assert "of-person" not in page
    cache = re.search(r">cache</a></h3>(.*?)</dl>", panel[0], re.DOTALL)
    assert cache is not None
    assert [text_of(held) for held in re.findall(r"<dt.*?</dd>", cache[1], re.DOTALL)] == [
        "valkey 8.1 2 of 4 as production", "locmem 1 of 4", "valkey 8.0 1 of 4",
    ]  # fmt: skip
    assert [held.count('"square-as"') for held in re.findall(r"<svg.*?</svg>", cache[1], re.DOTALL)] == [2, 0, 0]


def test_what_is_past_its_support_says_since_when_where_and_who_says_so(shop: Any, ask: Callable[[str], str]) -> None:
    shop.report("production", shop.facts("services", "database", value="13.2"))
    page = ask("/p/shop/tools")
    (row,) = [row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if "PostgreSQL 13" in row]
    assert re.search(r"PostgreSQL 13 production 13 Nov 2025 ended [\d,]+ d ago", text_of(row))
    assert 'href="https://www.postgresql.org/support/versioning/" rel="noreferrer"' in row


def test_alone_or_before_anything_is_compared_it_says_what_is_missing(shop: Any, ask: Callable[[str], str]) -> None:
    assert "Waiting for the first report of production" in ask("/p/shop/tools")
    shop.report("production", shop.facts())
    assert "nothing to compare it with yet" in ask("/p/shop/tools")
    shop.report("staging", shop.facts())
    page = ask("/p/shop/tools")
    assert "Staging is as production is, parity 100 %" in text_of(page)
    assert "No drift is open in 1 environment." in text_of(page)


def test_until_the_next_evaluation_after_an_upgrade_sections_are_not_made_up(
    drifted: Any, ask: Callable[[str], str]
) -> None:
    drifted.project.pairs.update(sections={})
    page = ask("/p/shop/tools")
    assert "By section it shows once the next report is compared." in page
    assert "is furthest from production" in page
