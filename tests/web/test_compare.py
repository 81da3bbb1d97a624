"""The page of two snapshots: what differs, in buckets, readable without JavaScript; addresses that are wrong say so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])


def compare(left: str, right: str, rest: str = "") -> str:
    return f"/p/shop/compare?left={quote(left)}&right={quote(right)}{rest}"


@pytest.mark.usefixtures("drifted")
def test_it_shows_both_sides_and_marks_what_differs(ask: Callable[[str], str]) -> None:
    page = ask(compare("ci", "production"))
    assert "Comparing ci#1 with production#1" in page
    assert re.search(r"<mark>13</mark>.*?<mark>16</mark>", page, re.DOTALL)
    assert 'class="frame-missing"' in page
    assert "unknown: connection refused" in page
    assert "<td>major</td>" in page
    assert "STRIPE_WEBHOOK_SECRET" in page


@pytest.mark.usefixtures("drifted")
def test_buckets_are_filters_with_counts(ask: Callable[[str], str]) -> None:
    counts = {}
    page = ask(compare("staging", "production"))
    for bucket in ("different", "left", "right", "unknown", "same"):
        found = re.search(rf'href="([^"]*only={bucket}[^"]*)"[^>]*>.*?<b>([\d,]+)</b>', page, re.DOTALL)
        assert found is not None, bucket
        counts[bucket] = int(found[2])
        rows = ask(found[1].replace("&amp;", "&"))
        assert len(re.findall(r'<th scope="row" class="mono">', rows)) == counts[bucket], bucket
    assert counts["different"] == 1
    assert counts["left"] == 1
    assert counts["same"] > 5


@pytest.mark.usefixtures("drifted")
def test_swapped_the_sides_change_places(ask: Callable[[str], str]) -> None:
    page = ask(compare("staging", "production"))
    swap = re.search(r'compare-swap" href="([^"]+)"', page)
    assert swap is not None
    assert "Comparing production#1 with staging#1" in ask(swap[1].replace("&amp;", "&"))


@pytest.mark.usefixtures("drifted")
def test_without_addresses_it_compares_an_environment_with_the_baseline(
    ask: Callable[[str], str],
) -> None:
    assert "Comparing staging#1 with production#1" in ask("/p/shop/compare")


@pytest.mark.usefixtures("drifted")
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("Production!", "This is no address of a snapshot, such as production, production#42, production~2"),
        ("production#99", "There is no such snapshot in this project."),
        ("nowhere", "There is no such snapshot in this project."),
        ("production@{someday}", "The moment is no date, time or age"),
        ('"><script>x</script>', "This is no address of a snapshot"),
    ],
)
def test_an_address_that_is_wrong_is_kept_and_explained(ask: Callable[[str], str], address: str, said: str) -> None:
    page = ask(compare(address, "production"))
    assert said in page
    assert 'aria-invalid="true"' in page
    assert "<script>x" not in page


def test_the_tab_the_snapshot_and_the_drift_lead_there(drifted: Any, ask: Callable[[str], str]) -> None:
    drifted.report("staging", drifted.facts("dependencies", "pkg:pypi/stripe", value="15.0"))
    assert 'href="/p/shop/compare"' in ask("/p/shop")
    page = ask("/p/shop/environments/staging/2")
    assert "left=staging%231&amp;right=staging%232" in page
    assert "What changed in staging between two snapshots" in ask(compare("staging#1", "staging#2"))
    drift = drifted.project.drifts.filter(left__slug="staging", state="open").order_by("id").first()
    assert "/p/shop/compare?left=staging%232&amp;right=production%231" in ask(f"/p/shop/d/{drift.id[:10]}")


def test_many_rows_come_in_pieces_that_lose_none(shop: Any, ask: Callable[[str], str]) -> None:
    facts = [{"name": f"pkg:pypi/p{number}", "value": "1"} for number in range(450)]
    shop.report("production", {"dependencies": [{"name": "pkg:pypi/q", "value": "1"}]})
    shop.report("staging", {"dependencies": facts})
    path: str | None = compare("staging", "production")
    seen: list[str] = []
    while path:
        page = ask(path)
        seen += re.findall(r"</span>pypi/(p\d+)</th>", page)
        link = re.search(r'href="([^"]+)">Show the next ones', page)
        path = link[1].replace("&amp;", "&") if link else None
    assert seen == [f"p{number}" for number in range(450)]
