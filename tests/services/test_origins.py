"""An alert says since which deploy and by which change, as the drift's page does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.services.conftest import stripe

if TYPE_CHECKING:
    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db
A, B = ("a" * 40, "b" * 40)


@pytest.fixture(autouse=True)
def maria(shop: Shop) -> None:
    """A member, who hears of errors at once and here of everything."""
    from paritycheck.models import Membership, Subscription, User

    user = User.objects.create_user("maria@example.com")
    Membership.objects.create(project=shop.project, user=user, role="member")
    Subscription.objects.create(
        project=shop.project, user=user, when="at-once", at_least="note", made_by="maria@example.com", made_at=shop.now
    )


def ran(shop: Shop, commit: str, release: str, version: str) -> None:
    """Staging reports its release and what is installed at once, as agents do."""
    facts = [{"name": "commit", "value": commit}, {"name": "id", "value": release}]
    shop.report("staging", stripe(version), release=facts)
    shop.evaluate()


def told(shop: Shop) -> list[dict[str, Any]]:
    """Content of the messages, oldest first."""
    from paritycheck.models import Delivery
    from paritycheck.services.route import route_project

    route_project(project_id=shop.project.pk, now=shop.now + timedelta(seconds=30))
    return list(Delivery.objects.order_by("created_at").values_list("content", flat=True))


@pytest.fixture
def parted(shop: Shop) -> Shop:
    """Both had 13.2.0; then commit B brought staging 14.0.0 as release v2."""
    from paritycheck.models import Commit

    for sha, parents, subject in ((A, [], "First"), (B, [A], "Charge by the new API")):
        Commit.objects.create(
            project=shop.project, sha=sha, parents=parents, subject=subject, authored_at=shop.now, committed_at=shop.now
        )
    shop.report("production", stripe("13.2.0"))
    ran(shop, A, "v1", "13.2.0")
    shop.later(minutes=10)
    ran(shop, B, "v2", "14.0.0")
    return shop


def test_an_alert_names_the_deploy_and_the_change(parted: Shop) -> None:
    [content] = told(parted)
    at = f"{parted.now:%a} {parted.now.day} {parted.now:%b, %H:%M} UTC"
    assert content["focus"]["since"] == f"Since release v2 on staging, {at}"
    assert content["focus"]["by"] == "By commit bbbbbbb Charge by the new API"
    assert content["focus"]["commit"] == "bbbbbbb"


def test_a_list_names_the_deploy_of_the_worst(parted: Shop) -> None:
    facts = [*stripe("14.0.0"), {"name": "pkg:pypi/vine", "value": "5.1", "scope": "direct", "sources": ["uv.lock:50"]}]
    release = [{"name": "commit", "value": B}, {"name": "id", "value": "v3"}]
    parted.report("staging", facts, release=release)
    parted.evaluate()
    [content] = told(parted)
    notes = {row["name"]: row["note"] for block in content["blocks"] for row in block["rows"]}
    assert notes["pkg:pypi/stripe"].startswith("since release v2 on staging, ")
    assert notes["pkg:pypi/vine"].startswith("since release v3 on staging, ")


def test_the_same_code_is_not_blamed(parted: Shop) -> None:
    told(parted)
    parted.later(minutes=10)
    ran(parted, B, "v2", "15.0.0")
    parted.later(minutes=10)
    ran(parted, B, "v2", "13.2.0")
    told(parted)
    parted.later(hours=2)
    ran(parted, B, "v2", "16.0.0")
    assert told(parted)[-1]["focus"]["by"] == "At commit bbbbbbb Charge by the new API, which ran before as well"


def test_where_it_began_before_the_history_no_change_is_blamed(shop: Shop) -> None:
    shop.report("production", stripe("13.2.0"))
    shop.report("staging", stripe("14.0.0"))
    shop.evaluate()
    [content] = told(shop)
    assert content["focus"]["since"].startswith("At least since snapshot production#1, ")
    assert content["focus"]["by"] == ""


def test_what_fails_there_keeps_no_message_from_its_readers(parted: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    from paritycheck.services import origins

    def fails(*_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM nowhere")

    monkeypatch.setattr(origins, "since_of", fails)
    [content] = told(parted)
    assert content["focus"]["since"].startswith("Since ")
    assert content["focus"]["by"] == ""
