"""A page asks the database as often for a thousand rows as for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
# Session and user are two of each.
MOST = {
    "/": 15,
    "/p/shop": 16,
    "/p/shop?show=dependencies": 16,
    "/p/shop?section=dependencies": 17,
    "/p/shop/time": 24,
    "/p/shop/personnel": 15,
    "/p/shop/environments": 12,
    "/p/shop/environments/staging": 14,
    "/p/shop/environments/staging/2": 12,
    "/p/shop/gate": 9,
    "/p/shop/waivers": 11,
    "/p/shop/live": 5,
    "/search?q=lib&in=shop": 9,
    "/search": 9,
}


def queries(client: Client, path: str) -> int:
    """Of a page whose bodies are in the process's memory or come by one query: the second look counts."""
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code in {200, 204}
    return len(captured)


def packages(count: int, version: str) -> list[dict[str, Any]]:
    return [{"name": f"pkg:pypi/lib-{at:04d}", "value": version, "scope": "direct"} for at in range(count)]


def test_pages_ask_as_often_for_many_rows_as_for_few(shop: Any, signed_in: Client) -> None:
    shop.report("production", {**shop.facts(), "dependencies": packages(2, "1.0")})
    shop.report("staging", {**shop.facts(), "dependencies": packages(2, "1.0")})
    shop.report("staging", {**shop.facts(), "dependencies": packages(2, "2.0")})
    few = {path: queries(signed_in, path) for path in MOST}
    shop.report("production", {**shop.facts(), "dependencies": packages(400, "1.0")})
    for at in range(4):
        shop.report("staging", {**shop.facts(), "dependencies": packages(400, f"{at + 2}.0")})
    many = {path: queries(signed_in, path) for path in MOST}
    assert shop.project.drifts.filter(state="open").count() == 400
    assert many == few
    assert {path: count for path, count in many.items() if count > MOST[path]} == {}


def test_a_drift_among_hundreds_asks_no_more(shop: Any, signed_in: Client) -> None:
    def counted() -> int:
        drift = shop.project.drifts.filter(state="open").order_by("name").first()
        return queries(signed_in, f"/p/shop/d/{drift.id[:10]}")

    shop.report("production", {**shop.facts(), "dependencies": packages(2, "1.0")})
    shop.report("staging", {**shop.facts(), "dependencies": packages(2, "2.0")})
    few = counted()
    shop.report("production", {**shop.facts(), "dependencies": packages(300, "1.0")})
    shop.report("staging", {**shop.facts(), "dependencies": packages(300, "2.0")})
    # Two histories, what the newest move brought, and the role that may waive are five of them.
    assert counted() == few <= 25


def test_the_list_asks_as_often_for_ten_projects_as_for_one(shop: Any, drifted: Any, signed_in: Client) -> None:
    del drifted
    from paritycheck.models import Project

    few = queries(signed_in, "/")
    for at in range(9):
        project = Project.objects.create(slug=f"p-{at}")
        project.memberships.create(user=shop.owner, role="viewer")
        project.environments.create(slug="production", tier="production")
    assert queries(signed_in, "/") == few
    assert queries(signed_in, "/p/shop") <= MOST["/p/shop"]


def test_cold_bodies_come_by_one_query(drifted: Any, signed_in: Client) -> None:
    from paritycheck.selectors import states

    del drifted
    warm = queries(signed_in, "/p/shop")
    states._cache.put(b"", b"x" * (states._cache.limit + 1))
    with CaptureQueriesContext(connection) as captured:
        signed_in.get("/p/shop")
    assert len(captured) == warm + 1
