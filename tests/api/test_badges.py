"""The badge for whoever has its address, and the card for whoever may read the project."""

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from paritycheck.core.badge import badge
from paritycheck.core.bands import Band

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

SHOP = "/api/v1/projects/shop"


@pytest.fixture
def compared(site: "Site") -> "Site":
    """Staging and production, apart by a major version of the database; what the cache is, production cannot tell."""
    from paritycheck.models import Environment
    from paritycheck.services.evaluate import evaluate_environment

    cache = {"name": "cache", "kind": "redis", "value": "7"}
    told = {"name": "database", "kind": "postgresql"}
    site.told(services=site.section("services", [{**told, "value": "16"}], [""]))
    rows = [cache, {**told, "value": "17"}]
    site.told(who="staging", services=site.section("services", rows, [""], who="staging"))
    staging = Environment.objects.get(project__slug="shop", slug="staging")
    evaluate_environment(environment_id=staging.pk, now=datetime.now(UTC))
    return site


def image(site: "Site", query: str = "") -> "Reply":
    url = site.get(f"{SHOP}/badge").json()["url"]
    return site.get(url.removeprefix("http://127.0.0.1:8000") + query, who=None)


def test_it_is_made_shown_replaced_and_ended(site: "Site") -> None:
    nothing = {"url": None, "markdown": None, "made_by": None, "made_at": None}
    assert site.get(f"{SHOP}/badge").json() == nothing
    assert site.send("DELETE", f"{SHOP}/badge", who="admin").code == "not-found"
    urls = []
    for _again in range(2):
        made = site.send("POST", f"{SHOP}/badge", who="admin")
        assert (made.status, made.json()) == (201, site.get(f"{SHOP}/badge").json())
        urls.append(made.json()["url"].removeprefix("http://127.0.0.1:8000"))
        assert made.json()["markdown"] == f"[![parity]({made.json()['url']})](http://127.0.0.1:8000/p/shop)"
    assert re.fullmatch(r"/api/v1/badges/[0-9A-Za-z_-]{32}\.svg", urls[0])
    assert [site.get(url, who=None).status for url in urls] == [404, 200]
    assert site.send("DELETE", f"{SHOP}/badge", who="admin").status == 204
    assert site.get(f"{SHOP}/badge").json() == nothing
    ended, wrong = site.get(urls[1], who=None), site.get(f"/api/v1/badges/{'x' * 32}.svg", who=None)
    plain = [{**reply.json(), "instance": ""} for reply in (ended, wrong)]
    assert plain[0] == plain[1]
    assert plain[0]["status"] == 404
    log = [row for row in site.get(f"{SHOP}/audit").json()["results"] if row["action"].startswith("badge.")]
    assert [entry["action"] for entry in log] == ["badge.ended", "badge.replaced", "badge.made"]
    assert not any(url[15:47] in json.dumps(log) for url in urls)


def test_the_image_is_a_minute_old_at_most_and_runs_nothing(site: "Site") -> None:
    site.send("POST", f"{SHOP}/badge", who="admin")
    reply = image(site)
    assert (reply.status, reply.headers["content-type"]) == (200, "image/svg+xml")
    assert reply.body.decode() == badge(None, None, Band.UNKNOWN)
    assert reply.headers["cache-control"] == "public, max-age=60"
    assert reply.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert reply.headers["x-content-type-options"] == "nosniff"
    url = site.get(f"{SHOP}/badge").json()["url"].removeprefix("http://127.0.0.1:8000")
    again = site.send("GET", url, who=None, headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["cache-control"] == "public, max-age=60"


def test_badge_and_card_say_what_the_parity_of_the_pair_says(compared: "Site") -> None:
    compared.send("POST", f"{SHOP}/badge", who="admin")
    (pair,) = compared.get(f"{SHOP}/parity").json()["pairs"]
    assert pair["gaps"]["tools"]["band"] == "error"
    drawn = badge(pair["parity"], pair["coverage"], Band.ERROR)
    for query in ("", "?pair=staging..production"):
        assert image(compared, query).body.decode() == drawn
    assert drawn.count(": error<") == 1
    card = compared.get(f"{SHOP}/card").json()
    assert card == {
        "project": "shop",
        "pair": "staging..production",
        "gaps": pair["gaps"],
        "parity": pair["parity"],
        "coverage": pair["coverage"],
        "band": "error",
        "open_drifts": pair["open_drifts"],
        "url": "http://127.0.0.1:8000/p/shop",
        "updated_at": pair["evaluated_at"],
    }
    assert sum(card["open_drifts"].values()) > 0


def test_a_pair_that_is_none_is_404_and_one_that_cannot_be_is_400(compared: "Site") -> None:
    compared.send("POST", f"{SHOP}/badge", who="admin")
    assert image(compared, "?pair=production..staging").code == "not-found"
    assert image(compared, "?pair=nothing..production").code == "not-found"
    assert image(compared, "?pair=staging").code == "bad-parameter"
    assert image(compared, "?project=other").code == "bad-parameter"


def test_a_card_of_a_project_that_was_never_compared_is_unknown(site: "Site") -> None:
    card = site.get(f"{SHOP}/card").json()
    unknown = {"value": None, "band": "unknown", "coverage": None}
    assert card["gaps"] == {"time": unknown, "personnel": unknown, "tools": unknown}
    assert (card["parity"], card["coverage"], card["band"], card["pair"], card["updated_at"]) == (
        None, None, "unknown", None, None,
    )  # fmt: skip
    assert card["open_drifts"] == {"error": 0, "warning": 0, "note": 0}
