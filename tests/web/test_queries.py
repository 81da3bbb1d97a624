"""A page asks the database as often for a thousand rows as for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.web import every_page as every
from tests.web.furnished import Furnished, furnished
from tests.web.lived import three_months

if TYPE_CHECKING:
    from datetime import datetime

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
# Session and user are two of each. By the addresses of every_page.py.
MOST = {
    "/p/shop/live": 4,
    "/unsubscribe/{unsubscribe}": 1,
    "/confirm/{confirm}": 0,
    "/invited/{invited}": 1,
    "/sign-in": 0,
    "/sign-in?next=/p/shop": 0,
    "/sign-in/forgotten": 0,
    "/sign-in/forgotten/sent": 0,
    "/sign-in/forgotten/done": 0,
    "/sign-in/forgotten/abc-def": 0,
    "/sign-in/forgotten/{reset}": 11,
    "/sign-in/code": 8,
    "/": 13,
    "/?q=shop": 13,
    "/?q=nothing-like-it": 13,
    "/search": 3,
    "/search?q=stripe&in=shop": 8,
    "/search?q=strpie": 7,
    "/account": 3,
    "/account/password": 2,
    "/account/again": 8,
    "/account/tokens": 3,
    "/account/tokens?revoke={own_token}": 3,
    "/account/two-factor": 9,
    "/account/passkeys": 3,
    "/account/passkeys/add": 10,
    "/p/shop": 16,
    "/p/shop?show=services&show=dependencies": 16,
    "/p/shop?severity=error": 17,
    "/p/shop?q=stripe": 17,
    "/p/shop?q=nothing-like-it": 17,
    "/p/shop?owner=nobody&rule=version": 17,
    "/p/shop/cell?environment=ci&section=services&name=celery-broker": 11,
    "/p/shop/d/{drift}": 21,
    "/p/shop/d/{missing}": 21,
    "/p/shop/d/{kind}": 21,
    "/p/shop/d/{waived}": 21,
    "/p/shop/compare": 11,
    "/p/shop/compare?left=staging&right=production&show=same": 11,
    "/p/shop/compare?left=nowhere&right=ci": 10,
    "/p/shop/tools": 14,
    "/p/shop/start": 9,
    "/p/shop/start?environment=staging&where=server": 9,
    "/p/shop/settings": 9,
    "/p/shop/factors": 13,
    "/p/shop/factors?show=broken&environment=ci": 13,
    "/p/shop/time": 25,
    "/p/shop/time?window=28d&pair=ci..staging&scope=api": 26,
    "/p/shop/time?commits=all&deploys=all": 25,
    "/p/shop/personnel": 12,
    "/p/shop/personnel?window=28d": 12,
    "/p/shop/environments": 11,
    "/p/shop/environments/staging": 11,
    "/p/shop/environments/development": 11,
    "/p/shop/environments/staging?at=1": 11,
    "/p/shop/environments/staging/1": 8,
    "/p/shop/environments/staging/1?section=services": 8,
    "/p/shop/environments/staging/1?q=stripe": 8,
    "/p/shop/waivers": 10,
    "/p/shop/waivers?show=ended": 10,
    "/p/shop/waivers?drifts={drift}": 11,
    "/p/shop/gate": 7,
    "/p/shop/gate/{verdict}": 7,
    "/p/shop/settings/policy": 15,
    "/p/shop/settings/badge": 8,
    "/p/shop/alerts": 21,
    "/p/shop/alerts?open={delivery}": 22,
    "/p/shop/alerts?state=dead": 21,
    "/p/shop/alerts/channels": 14,
    "/p/shop/alerts/subscriptions": 14,
    "/p/shop/alerts/digests": 13,
    "/p/shop/alerts/digests/{rule}/preview": 30,
    "/p/shop/alerts/digests/{rule}/preview?as=text": 30,
    "/p/shop/alerts/digests/{rule}/preview?as=slack": 30,
    "/p/shop/settings/tokens": 10,
    "/p/shop/settings/tokens?revoke={token}": 10,
    "/p/shop/settings/tokens?trust=github": 10,
    "/p/shop/settings/tokens?from={token}": 10,
    "/p/shop/settings/members": 8,
    "/p/shop/settings/audit": 10,
    "/p/shop/settings/audit?action=token": 10,
    "/p/shop/settings/badge?ask=end": 8,
    "/p/shop/alerts/channels?change={channel}": 15,
    "/p/shop/alerts/subscriptions?change={rule}": 16,
    "/account/again/code": 8,
    "/account/again/passkey": 15,
    "/account/two-factor/off": 7,
    "/account/two-factor/codes": 6,
    "/account/two-factor/codes/new": 6,
    "/account/passkeys/{passkey}/remove": 6,
    "/system": 19,
    "/system/audit": 6,
    "/new": 2,
}


def queries(client: Client, path: str) -> int:
    """Of a page whose bodies are in the process's memory or come by one query: the second look counts."""
    # A key of a mail goes into the session, out of the address.
    follow = "/forgotten/" in path
    client.get(path, follow=follow)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path, follow=follow).status_code in {200, 204}
    return len(captured)


def packages(count: int, version: str) -> list[dict[str, Any]]:
    return [{"name": f"pkg:pypi/lib-{at:04d}", "value": version, "scope": "direct"} for at in range(count)]


def manual_aside(pages: every.Pages) -> every.Pages:
    """The manual knows no rows, and takes seconds to write itself."""
    return {name: paths for name, paths in pages.items() if name not in {"docs", "manual", "manual-search"}}


def asked(place: Furnished) -> dict[str, int]:
    """Queries by address, as whoever sees most of the page."""
    lists = {
        "stranger": (manual_aside(every.OPEN), every.SIGNING_IN), "halfway": (every.HALFWAY,),
        "owner": (every.OWN, every.OF_PROJECT, every.FRAMED, every.OF_MAINTAINERS),
        "member": (every.GUARDED,), "administrator": (every.OF_ADMINISTRATORS,),
    }  # fmt: skip
    clients = {**place.clients, "stranger": Client()}
    found: dict[str, int] = {"/p/shop/live": queries(clients["owner"], "/p/shop/live")}
    for role, pages in lists.items():
        for path in every.templates(*pages):
            found.setdefault(path, queries(clients[role], path.format(**place.ids)))
    return found


def more(facts: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {**facts, "dependencies": [*facts["dependencies"], *rows]}


def much_more(place: Furnished) -> None:
    """Hundreds of facts that differ, and tens of whatever else a page lists."""
    from django.utils import timezone

    shop, now = place.shop, timezone.now()
    shop.report("production", more(shop.facts(), packages(200, "1.0")))
    stripe = shop.facts("dependencies", "pkg:pypi/stripe", value="14.0.1")
    for version, instance in (("2.0", "web-1"), ("3.0", "web-1"), ("3.0", "web-2"), ("3.0", "web-3")):
        shop.report("staging", more(stripe, packages(200, version)), instance)
    three_months(shop, 72)
    for at in range(8):
        shop.gate({"services": []}, candidate={"commit": f"{at:040x}", "branch": "b", "dirty": False})
        multiply(place, at, now)


def multiply(place: Furnished, at: int, now: datetime) -> None:
    """One more of each thing that somebody makes."""
    from paritycheck.models import User
    from paritycheck.models.tokens import TokenKind
    from paritycheck.services.tokens import issue_token

    project, made = place.shop.project, {"made_by": "ann", "made_at": now}
    user = User.objects.create_user(f"person-{at}@example.com")
    project.memberships.create(user=user, role="viewer")
    channel = project.channels.create(kind="slack", name=f"#shop-{at}", config=b"", **made)
    project.subscriptions.create(channel=channel, when="digest", cron="0 8 * * 1", **made)
    project.subscriptions.create(user=place.shop.owner, when="now", **made)
    project.deliveries.create(
        target=channel, channel="slack", kind="alert", recipient=f"channel:{channel.pk}", subject="s", content={},
        dedupe=f"m{at}", due_at=now,
    )  # fmt: skip
    project.waivers.create(match=f"config/A{at}*", reason="accepted", owner="ann", until_change=True, **made)
    issue_token(kind=TokenKind.GATE, project=project, name="ci", by=user)
    issue_token(kind=TokenKind.PERSONAL, user=place.shop.owner, scopes=["read"], name="laptop", by=place.shop.owner)
    project.trusts.create(kind="github", issuer="https://token.example", repository=f"{at}", owner="7", **made)


@pytest.mark.timeout(300)
def test_pages_ask_as_often_for_many_rows_as_for_few(drifted: Any, settings: Any) -> None:
    settings.EMAIL_URL, settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = "smtp://127.0.0.1:25", 3600
    place = furnished(drifted, commits=24)
    few = asked(place)
    much_more(place)
    many = asked(place)
    grown = {path: (few[path], many[path]) for path in few if many[path] > few[path]}
    assert grown == {}
    assert few == MOST


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
