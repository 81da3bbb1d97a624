"""Deliveries over HTTP: what is told of them and to whom, how they are found, sent now and given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

if TYPE_CHECKING:
    from paritycheck.models import Delivery
    from tests.api.installation import Reply, Site

PATH = "/api/v1/projects/shop/deliveries"
SECRET = "https://parity.example/confirm/c4n4ry"
NOW = datetime.now(UTC)


def put(site: Site, **fields: Any) -> Delivery:
    """A delivery to the administrator's own mail, unless the fields say otherwise."""
    from paritycheck.models import Delivery, Project

    del site
    usual = {
        "project": Project.objects.get(slug="shop"),
        "kind": "alert",
        "recipient": "admin@example.com",
        "subject": "[shop] error: ci runs PostgreSQL 13",
        "content": {"title": "ci runs PostgreSQL 13", "severity": "error", "badge": "error, new", "links": SECRET},
        "dedupe": str(uuid4()),
        "due_at": NOW,
    }
    return Delivery.objects.create(**usual | fields)


def channel(name: str) -> Any:
    from paritycheck.models import Channel, Project

    return Channel.objects.create(
        project=Project.objects.get(slug="shop"), kind="slack", name=name, config=b"", made_by="ann", made_at=NOW
    )


@pytest.fixture
def member(site: Site) -> Site:
    from paritycheck.models import Project, User
    from paritycheck.services.tokens import issue_token

    user = User.objects.create_user("member@example.com")
    Project.objects.get(slug="shop").memberships.create(user=user, role="member")
    site.tokens["member"] = issue_token(kind="u", user=user)[1]
    return site


def post(site: Site, row: Delivery, verb: str, who: str = "admin") -> Reply:
    return site.send("POST", f"{PATH}/{row.pk}/{verb}", who=who)


def test_it_is_told_with_its_attempts_and_never_with_its_content(site: Site) -> None:
    from paritycheck.models import DeliveryAttempt

    row = put(site, attempts=2, error="timed out", target=channel("#shop"), channel="slack", recipient="channel:x")
    for number, (error, took) in enumerate((("503 service unavailable", 812), ("timed out", 15_000)), start=1):
        DeliveryAttempt.objects.create(
            project=row.project, delivery_id=row.pk, number=number, at=NOW, ok=False, error=error, took_ms=took
        )
    told = site.get(f"{PATH}/{row.pk}").json()
    assert (told["title"], told["severity"], told["to"]) == ("ci runs PostgreSQL 13", "error", "#shop")
    assert [(one["number"], one["ok"], one["error"], one["took_ms"]) for one in told["tries"]] == [
        (1, False, "503 service unavailable", 812),
        (2, False, "timed out", 15_000),
    ]
    for path in (f"{PATH}/{row.pk}", PATH):
        assert SECRET.encode() not in site.get(path).body


def test_a_members_address_is_their_own_and_the_maintainers(member: Site) -> None:
    put(member, recipient="admin@example.com")
    put(member, recipient="member@example.com")

    def addresses(who: str) -> set[Any]:
        return {row["to"] for row in member.get(PATH, who=who).json()["results"]}

    assert addresses("admin") == {"admin@example.com", "member@example.com"}
    assert addresses("member") == {None, "member@example.com"}
    assert member.get(f"{PATH}?q=admin", who="member").json()["results"] == []


def test_they_are_found_by_state_channel_and_subject(site: Site) -> None:
    slack = channel("#shop")
    sent = put(site, state="sent", target=slack, channel="slack", subject="[shop] resolved: redis 100%")
    due = put(site)

    def found(query: str) -> list[str]:
        return [row["id"] for row in site.get(f"{PATH}?{query}").json()["results"]]

    assert found("state=due") == [str(due.pk)]
    assert found("state=dead") == []
    assert found("channel=mail") == [str(due.pk)]
    assert found(f"channel={slack.pk}") == found("channel=slack") == [str(sent.pk)]
    assert found("q=REDIS+100%25") == [str(sent.pk)]
    assert found("q=_") == []
    assert found(f"channel={uuid4()}") == []


@pytest.mark.parametrize("query", ["state=gone", "channel=a-b", "channel=ünder", f"q={'x' * 101}", "kind=alert"])
def test_a_filter_that_says_nothing_is_refused(site: Site, query: str) -> None:
    assert site.get(f"{PATH}?{query}").code == "bad-parameter"


def test_pages_are_whole_and_in_order(site: Site) -> None:
    rows = [put(site) for _ in range(5)]
    seen, path = [], f"{PATH}?page_size=2"
    while path:
        page = site.get(path).json()
        seen += [row["id"] for row in page["results"]]
        path = page["next"] and page["next"][page["next"].index("/api/") :]
    assert seen == [str(row.pk) for row in reversed(rows)]


def test_send_now_makes_it_due_whatever_it_waits_for(site: Site) -> None:
    from paritycheck.services.deliver import deliveries_due

    later = NOW + timedelta(hours=9)
    held = put(site, due_at=later, held_for="quiet hours")
    dead = put(site, state="dead", error="410 gone", attempts=1)
    assert deliveries_due() == []
    for row in (held, dead):
        told = post(site, row, "send").json()
        assert (told["state"], told["held_for"], told["acted"], told["acted_by"]) == (
            "due", None, "send-now", "admin@example.com",
        )  # fmt: skip
        assert told["acted_at"]
    assert set(deliveries_due()) == {held.pk, dead.pk}


def test_giving_up_ends_it_and_keeps_who_did(site: Site) -> None:
    from paritycheck.services.deliver import deliveries_due

    row = put(site)
    told = post(site, row, "give-up").json()
    assert (told["state"], told["acted"], told["acted_by"]) == ("dead", "give-up", "admin@example.com")
    assert deliveries_due() == []
    again = post(site, row, "give-up")
    assert (again.status, again.code) == (409, "delivery-over")


def test_what_was_sent_is_not_sent_again(site: Site) -> None:
    row = put(site, state="sent", sent_at=NOW)
    for verb in ("send", "give-up"):
        reply = post(site, row, verb)
        assert (reply.status, reply.code) == (409, "delivery-over")
    row.refresh_from_db()
    assert (row.state, row.acted) == ("sent", "")


def test_what_a_sender_has_is_left_to_it(site: Site) -> None:
    row = put(site, lease_until=datetime.now(UTC) + timedelta(seconds=30))
    for verb in ("send", "give-up"):
        reply = post(site, row, verb)
        assert (reply.status, reply.code) == (409, "delivery-busy")
        assert reply.json()["retryable"]


def test_acting_takes_a_maintainer_and_the_scope(member: Site) -> None:
    from paritycheck.models import User
    from paritycheck.services.tokens import issue_token

    row = put(member)
    weak = issue_token(kind="u", user=User.objects.get(email="admin@example.com"), scopes=["read"])[1]
    for who in ("member", weak):
        assert post(member, row, "send", who).code == "forbidden"
        assert post(member, row, "give-up", who).code == "forbidden"
    row.refresh_from_db()
    assert (row.state, row.acted) == ("due", "")


def test_it_is_found_in_its_own_project_alone(site: Site) -> None:
    from paritycheck.models import Project

    row = put(site, project=Project.objects.get(slug="other"))
    assert site.get(f"{PATH}/{row.pk}").code == "not-found"
    assert post(site, row, "send").code == "not-found"
    assert site.get(f"{PATH}/{UUID(int=0)}").code == "not-found"
