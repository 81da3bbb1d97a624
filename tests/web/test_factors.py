"""The twelve factors' page: rows, columns, the sentence, and each cell leads to its evidence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
PROCESSES = [{"name": "web", "kind": "gunicorn", "port": "true", "sources": ["Procfile:1"]}]


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"/p/shop/factors{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture
def apart(shop: Any) -> Any:
    """Staging serves by a development server and keeps its data in SQLite."""
    shop.report("production", {**shop.facts(), "processes": PROCESSES})
    toy = [{**PROCESSES[0], "kind": "runserver"}]
    changed = shop.facts("services", "database", kind="sqlite", value="3.45")
    shop.report("staging", {**changed, "processes": toy})
    return shop


def test_twelve_rows_and_a_column_for_each_environment(apart: Any, signed_in: Client) -> None:
    del apart
    html = page(signed_in)
    assert len(re.findall(r'<th scope="row">', html)) == 12
    heads = re.findall(r'<th scope="col"[^>]*>\s*<a[^>]*>.*?</svg>([a-z]+)</a>', html, re.DOTALL)
    assert heads == ["development", "ci", "staging", "production"]
    assert "Four of twelve factors are broken somewhere" in text(html)


def test_a_broken_cell_says_what_and_leads_to_its_drift(apart: Any, signed_in: Client) -> None:
    html = page(signed_in)
    drift = apart.project.drifts.get(section="processes", rule="kind")
    link = f'<a class="factor-in"\\s+href="/p/shop/d/{drift.id[:10]}".*?</a>'
    found = re.findall(link, html, re.DOTALL)
    assert len(found) == 1
    assert "error , broken: web is runserver, not gunicorn" in text(found[0])
    assert signed_in.get(f"/p/shop/d/{drift.id[:10]}").status_code == 200


def test_every_cell_leads_somewhere(apart: Any, signed_in: Client) -> None:
    del apart
    links = set(re.findall(r'class="factor-in"\s+href="([^"]+)"', page(signed_in)))
    assert len(links) > 5
    for link in links:
        assert signed_in.get(link.replace("&amp;", "&")).status_code == 200, link


def test_a_half_that_was_not_observed_is_said(apart: Any, signed_in: Client) -> None:
    del apart
    said = text(page(signed_in))
    assert "system tools not observed" in said
    assert "sticky sessions not observed" in said


def test_the_filter_keeps_the_rows_that_are_broken_and_narrow_screens_the_environment_asked_for(
    apart: Any, signed_in: Client
) -> None:
    del apart
    broken = page(signed_in, "?show=broken&environment=staging")
    assert len(re.findall(r'<th scope="row">', broken)) == 4
    chosen = set(re.findall(r'<td class="factor [^"]*chosen">\s*<a class="factor-in"\s+href="([^"]+)"', broken))
    assert chosen
    assert all("staging" in link or "/d/" in link for link in chosen)
    assert len(re.findall(r'<th scope="row">', page(signed_in, "?show=nonsense&environment=nowhere"))) == 12


def test_before_any_report_nothing_is_said_to_hold(shop: Any, signed_in: Client) -> None:
    del shop
    said = text(page(signed_in))
    assert "No environment has reported yet" in said
    assert " hold," not in said


def test_what_an_agent_named_stays_text(shop: Any, signed_in: Client) -> None:
    shop.report("production", shop.facts())
    shop.report("staging", shop.facts("services", "database", kind="<b>x</b>", value="1"))
    assert "<b>x</b>" not in page(signed_in)


def test_the_api_says_the_same(apart: Any, signed_in: Client) -> None:
    from django.test import Client as Asking

    from paritycheck.services.tokens import issue_token

    del signed_in
    token = issue_token(kind="u", user=apart.owner)[1]
    answer = Asking(headers={"authorization": f"Bearer {token}"}).get("/api/v1/projects/shop/factors").json()
    assert answer["environments"] == ["development", "ci", "staging", "production"]
    rows = {row["numeral"]: row for row in answer["factors"]}
    assert len(rows) == 12
    cell = rows["VII"]["cells"][2]
    drift = apart.project.drifts.get(section="processes", rule="kind")
    assert cell == {
        "environment": "staging",
        "verdict": "broken",
        "severity": "error",
        "evidence": "web is runserver, not gunicorn",
        "not_observed": [],
        "waived": False,
        "facts": [{"section": "processes", "name": "web"}],
        "drifts": [drift.id],
    }
    assert rows["VI"]["cells"][2]["evidence"] == "database is SQLite, not PostgreSQL"
    assert {cell["verdict"] for row in rows.values() for cell in row["cells"]} == {"broken", "unknown", "holds"}


def test_a_cell_of_the_matrix_and_the_drifts_evidence_tell_of_the_end_of_support(
    shop: Any, signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paritycheck.core.end_of_life import Ending
    from paritycheck.core.facts import present

    ended = present("database", "13.14", kind="postgresql", support="ended 13 Nov 2025")

    def endings(side: Any, _today: Any) -> list[Ending]:
        return [Ending("services", ended, "error")] if side.slug == "staging" else []

    monkeypatch.setattr("paritycheck.core.end_of_life.endings", endings)
    shop.report("production", shop.facts())
    shop.report("staging", shop.facts("services", "database", kind="postgresql", value="13.14"))
    drift = shop.project.drifts.get(rule="end-of-life")
    matrix = signed_in.get("/p/shop").content.decode()
    assert re.search(r"13\.14</span>\s*<span class=\"cell-note\">end of life</span>", matrix)
    said = text(signed_in.get(f"/p/shop/d/{drift.id[:10]}").content.decode())
    assert "Staging runs PostgreSQL 13.14, which has had no fixes since 13 Nov 2025" in said
    assert "Support ended 13 Nov 2025" in said
