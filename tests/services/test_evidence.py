"""No drift without evidence: what it shows of both sides, where each was read and when, in the API and on its page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck.core.findings import RULES
from paritycheck.services.jobs import request_evaluation

if TYPE_CHECKING:
    from django.test import Client

    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db
CHAIN = ["0014_add_sku", "0015_drop_sku"]
PRINT = "pc1:9f2c1a7b:mfrggzdfmztwq2lkmfrggzdfmz"
POLICY = '[tools.config]\nMODE = "same"\nOLD_FLAG = "absent"\n'
Facts = dict[str, list[dict[str, Any]]]


def key(name: str, **members: Any) -> dict[str, Any]:
    shape = {} if members.get("absent") else {"shape": "text", "length": "16-31"}
    return {"name": name, **shape, "sources": [".env:3"], **members}


PRODUCTION: Facts = {
    "services": [
        {"name": "database", "kind": "postgresql", "value": "16.9", "via": "auth", "fps": [PRINT],
         "sources": ["probe"]},
        {"name": "search", "kind": "elasticsearch", "value": "8.12.2", "via": "auth", "sources": ["probe"]},
    ],
    "config": [
        key("API_TOKEN", fps=[PRINT]), key("SENTRY_DSN"), key("SMTP_HOST"), key("OLD_FLAG", absent=True),
        key("MODE", plain="fast", length="1-7"),
    ],
    "dependencies": [{"name": "pkg:pypi/stripe", "value": "13.2.0", "scope": "direct", "sources": ["uv.lock:40"]}],
    "runtime": [{"name": "php", "value": "7.4.33", "sources": ["installed"]}],
    "migrations": [
        {"name": "django/shop", "value": CHAIN[0], "code": CHAIN[-1], "chain": CHAIN,
         "sources": ["probe", "shop/migrations"]}
    ],
}  # fmt: skip
STAGING: Facts = {
    "services": [
        {"name": "database", "kind": "postgresql", "value": "15.1", "declared": "13", "via": "auth", "fps": [PRINT],
         "sources": ["probe", "compose.yaml:12"]},
        {"name": "search", "kind": "opensearch", "value": "2.1", "via": "auth", "sources": ["probe"]},
    ],
    "config": [
        key("API_TOKEN", fps=[PRINT]), key("SENTRY_DSN", absent=True), key("SMTP_HOST", shape="empty", length="0"),
        key("OLD_FLAG"), key("MODE", plain="slow", length="1-7"),
    ],
    "dependencies": [
        {"name": "pkg:pypi/stripe", "value": "14.0.1", "scope": "direct", "sources": ["uv.lock:41"]},
        {"name": "pkg:pypi/redis", "absent": True, "locked": "5.0.1", "sources": ["uv.lock:9"]},
        {"name": "pkg:pypi/stray", "value": "1.0", "locked": "", "sources": ["installed"]},
    ],
    "migrations": [
        {"name": "django/shop", "value": CHAIN[-1], "code": CHAIN[-1], "chain": CHAIN,
         "sources": ["probe", "shop/migrations"]}
    ],
}  # fmt: skip


def everything(shop: Shop) -> None:
    """A round of reports, an instance for each section, and two that disagree about staging's Python."""
    for slug, facts, policy in (("production", PRODUCTION, POLICY), ("staging", STAGING, "")):
        for section, rows in facts.items():
            covers = ["pkg:pypi/"] if section == "dependencies" else []
            shop.report(slug, rows, section=section, covers=covers, instance=f"web-{section}", policy=policy)
    for instance, version in (("web-1", "3.12.4"), ("web-2", "3.13.1")):
        python = [{"name": "python", "value": version, "sources": ["installed"]}]
        shop.report("staging", python, section="runtime", covers=[], instance=instance)
    for slug in ("production", "staging"):
        request_evaluation(environments=[shop.environment(slug)], news=False)
    shop.evaluate()


@pytest.fixture
def drifts(shop: Shop, client: Client) -> list[dict[str, Any]]:
    """Those of every rule there is, as the API lists them; `client` is signed in."""
    from paritycheck.models import User
    from paritycheck.models.tokens import TokenKind
    from paritycheck.services.tokens import issue_token

    maria = User.objects.create_user("maria@example.com")
    shop.project.memberships.create(user=maria, role="member")
    everything(shop)
    shop.later(minutes=31)
    everything(shop)
    client.force_login(maria)
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {issue_token(kind=TokenKind.PERSONAL, user=maria)[1]}"
    answer = client.get("/api/v1/projects/shop/drifts?page_size=100")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_the_cases_are_of_every_rule(drifts: list[dict[str, Any]]) -> None:
    assert {drift["rule"] for drift in drifts} == set(RULES)


def test_in_the_api_both_sides_say_what_where_and_when(
    shop: Shop, client: Client, drifts: list[dict[str, Any]]
) -> None:
    for drift in drifts:
        detail = client.get(f"/api/v1/projects/shop/drifts/{drift['id'][:10]}").json()
        for shown in (drift, detail, *detail["events"]):
            for side, slug in zip((shown["left"], shown["right"]), drift["pair"].split(".."), strict=True):
                complete(shop, side, slug, f"{drift['pair']} {drift['name']} {drift['rule']}: {side}")


def complete(shop: Shop, side: dict[str, Any], slug: str, where: str) -> None:
    assert side["environment"] == slug, where
    assert re.fullmatch(rf"{slug}#\d+", side["snapshot"]), where
    assert side["sources"], where
    read = datetime.fromisoformat(side["read_at"])
    assert shop.now - timedelta(minutes=32) <= read <= shop.now, where
    assert side["state"] != "unknown" or side["reason"], where
    assert side["state"] != "present" or {"value", "kind", "shape", "plain"} & side.keys(), where


def test_on_its_page_both_sides_say_what_where_and_when(client: Client, drifts: list[dict[str, Any]]) -> None:
    """What an environment says against nobody but itself or the calendar is one side, which names both."""
    for drift in drifts:
        page = client.get(f"/p/shop/d/{drift['id'][:10]}").content.decode()
        sides = re.findall(r'<section class="panel side .*?</section>', page, re.DOTALL)
        assert len(sides) == (1 if drift["rule"] in {"skew", "end-of-life"} else 2), drift
        for html, side in zip(sides, (drift["left"], drift["right"]), strict=False):
            assert side["snapshot"] in html, drift
            assert "<dt>Confirmed</dt>" in html, drift
            assert "not stated by the agent" not in html, drift
            assert "looked for, not found" not in html, drift
            assert re.search(r'<p class="side-value[^>]*>.*?\w.*?</p>', html, re.DOTALL), drift


def test_who_disagrees_and_which_page_tells_of_an_end_are_named(client: Client, drifts: list[dict[str, Any]]) -> None:
    skew, end = (next(one for one in drifts if one["rule"] == rule) for rule in ("skew", "end-of-life"))
    assert [(one["value"], one["instances"], one["count"]) for one in skew["left"]["said"]] == [
        ("3.12.4", ["web-1"], 1), ("3.13.1", ["web-2"], 1),
    ]  # fmt: skip
    page = client.get(f"/p/shop/d/{skew['id'][:10]}").content.decode()
    assert re.search(r"<dt>web-1</dt>\s*<dd>\s*3\.12\.4\s*</dd>", page)
    assert re.search(r"<dt>web-2</dt>\s*<dd>\s*3\.13\.1\s*</dd>", page)
    assert end["left"]["support_source"] == "https://www.php.net/supported-versions.php"
    assert "https://www.php.net/supported-versions.php" in client.get(f"/p/shop/d/{end['id'][:10]}").content.decode()


def test_what_is_absent_says_where_it_was_looked_for(drifts: list[dict[str, Any]]) -> None:
    stray = next(one for one in drifts if one["name"] == "pkg:pypi/stray" and one["pair"] == "staging..production")
    assert (stray["right"]["state"], stray["right"]["sources"]) == ("absent", ["uv.lock"])
