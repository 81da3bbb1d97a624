"""Subscriptions over HTTP: made, seen, changed and ended; in plain words; what is wrong is told by pointer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from paritycheck_agent.wire.canonical import line

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

PATH = "/api/v1/projects/shop/subscriptions"


@pytest.fixture
def people(site: Site) -> Site:
    """Two members and a viewer, none of whom has a rule yet."""
    from paritycheck.models import Project, Subscription, User
    from paritycheck.services.tokens import issue_token

    shop = Project.objects.get(slug="shop")
    for name, role in (("ann", "member"), ("bo", "member"), ("vera", "viewer")):
        user = User.objects.create_user(f"{name}@example.com")
        shop.memberships.create(user=user, role=role)
        site.tokens[name] = issue_token(kind="u", user=user)[1]
    Subscription.objects.all().delete()
    return site


def post(site: Site, who: str = "ann", **said: Any) -> Reply:
    return site.send("POST", PATH, line(said), who=who)


def patch(site: Site, ident: str, who: str = "ann", **said: Any) -> Reply:
    return site.send("PATCH", f"{PATH}/{ident}", line(said), who=who)


def seen(site: Site, who: str, query: str = "") -> list[str]:
    return [row["id"] for row in site.get(f"{PATH}{query}", who=who).json()["results"]]


def relay(project: str = "shop", kind: str = "webhook") -> Any:
    from paritycheck.models import Channel, Project

    return Channel.objects.create(
        project=Project.objects.get(slug=project), kind=kind, name=kind, config=b"", made_by="ann",
        made_at=datetime.now(UTC),
    )  # fmt: skip


def test_a_rule_says_itself_in_plain_words(people: Site) -> None:
    told = post(people).json()
    assert (told["summary"], told["user"], told["due_at"]) == (
        "Errors of all gaps, at once", "ann@example.com", None,
    )  # fmt: skip
    digest = post(people, when="digest", at_least="note", cron="0 8 * * 1", timezone="Europe/Berlin").json()
    assert digest["summary"] == "Everything, every Monday at 08:00 Europe/Berlin"
    due = datetime.fromisoformat(digest["due_at"])
    assert due.weekday() == 0
    assert due > datetime.now(UTC)


def test_change_and_end(people: Site) -> None:
    ident = post(people, gaps=["tools"], names=["services/*"]).json()["id"]
    told = patch(people, ident, quiet_from="22:00", quiet_to="07:00", timezone="Europe/Berlin").json()
    assert told["summary"] == (
        "Errors of the tools gap, named services/*, at once but held from 22:00 to 07:00 Europe/Berlin"
    )
    assert (told["gaps"], told["quiet_from"], told["quiet_to"]) == (["tools"], "22:00", "07:00")
    assert patch(people, ident, quiet_from=None, quiet_to=None).json()["quiet_from"] is None
    assert people.send("DELETE", f"{PATH}/{ident}", who="ann").status == 204
    assert seen(people, "ann") == []
    assert people.get(f"{PATH}/{ident}", who="ann").code == "not-found"


def test_one_sees_ones_own_and_those_of_channels_a_maintainer_all(people: Site) -> None:
    own, other = post(people).json()["id"], post(people, "bo").json()["id"]
    shared = post(people, "admin", channel=str(relay().pk)).json()
    assert (shared["channel_name"], shared["user"]) == ("webhook", None)
    assert set(seen(people, "ann")) == {own, shared["id"]}
    assert set(seen(people, "vera")) == {shared["id"]}
    assert set(seen(people, "admin")) == {own, other, shared["id"]}
    assert seen(people, "admin", f"?channel={shared['channel']}") == [shared["id"]]
    assert seen(people, "admin", "?when=digest") == []
    for call in (
        people.get(f"{PATH}/{other}", who="ann"),
        patch(people, other, at_least="note"),
        people.send("DELETE", f"{PATH}/{other}", who="ann"),
    ):
        assert call.code == "not-found"


def test_a_maintainer_changes_and_ends_those_of_others(people: Site) -> None:
    ident = post(people).json()["id"]
    assert patch(people, ident, "admin", at_least="warning").json()["user"] == "ann@example.com"
    assert people.send("DELETE", f"{PATH}/{ident}", who="admin").status == 204


def test_what_is_a_channels_takes_a_maintainer(people: Site) -> None:
    channel = relay()
    assert post(people, channel=str(channel.pk)).code == "forbidden"
    ident = post(people, "admin", channel=str(channel.pk)).json()["id"]
    assert patch(people, ident, at_least="note").code == "forbidden"
    assert people.send("DELETE", f"{PATH}/{ident}", who="ann").code == "forbidden"


def test_a_viewer_adds_nothing_but_ends_their_own(people: Site) -> None:
    from paritycheck.models import Project, Subscription, User

    assert post(people, "vera").code == "forbidden"
    row = Subscription.objects.create(
        project=Project.objects.get(slug="shop"), user=User.objects.get(email="vera@example.com"), when="at-once",
        made_by="vera@example.com", made_at=datetime.now(UTC),
    )  # fmt: skip
    assert patch(people, str(row.pk), "vera", at_least="note").code == "forbidden"
    assert people.send("DELETE", f"{PATH}/{row.pk}", who="vera").status == 204


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"when": "sometimes"}, "/when"),
        ({"when": 7}, "/when"),
        ({"at_least": "canary-7Qx3fL9zWm2"}, "/at_least"),
        ({"gaps": ["gap"]}, "/gaps"),
        ({"gaps": "tools"}, "/gaps"),
        ({"names": [7]}, "/names"),
        ({"names": ["x" * 300]}, "/names"),
        ({"pairs": ["staging"]}, "/pairs"),
        ({"only_owned": "yes"}, "/only_owned"),
        ({"when": "digest"}, "/cron"),
        ({"when": "digest", "cron": "* * * * *"}, "/cron"),
        ({"when": "digest", "cron": "0 8 31 2 *"}, "/cron"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"quiet_from": "22:00"}, "/quiet_to"),
        ({"quiet_from": "25:00", "quiet_to": "07:00"}, "/quiet_from"),
        ({"quiet_from": 22, "quiet_to": "07:00"}, "/quiet_from"),
        ({"channel": "not-one"}, "/channel"),
        ({"channel": str(uuid4())}, "/channel"),
    ],
)
def test_what_is_wrong_is_told_by_pointer(people: Site, said: dict[str, Any], pointer: str) -> None:
    reply = post(people, **said)
    assert (reply.status, reply.code) == (422, "invalid-subscription")
    assert pointer in {place["pointer"] for place in reply.json()["errors"]}
    assert seen(people, "admin") == []


def test_a_digest_to_what_keeps_a_state_of_each_drift_is_refused_in_words(people: Site) -> None:
    monday = {"when": "digest", "cron": "0 8 * * 1"}
    for kind, label in (("github", "GitHub issues"), ("gitlab", "GitLab issues"), ("pagerduty", "PagerDuty")):
        channel = str(relay(kind=kind).pk)
        ident = post(people, "admin", channel=channel).json()["id"]
        for reply in (post(people, "admin", channel=channel, **monday), patch(people, ident, "admin", **monday)):
            assert (reply.status, reply.code) == (422, "invalid-subscription")
            assert reply.json()["errors"] == [
                {
                    "pointer": "/when",
                    "code": "invalid-subscription",
                    "detail": f"a digest has no form in {label}; choose at once",
                }
            ]
    assert post(people, "admin", channel=str(relay().pk), **monday).status == 201


def test_a_field_that_is_not_known_is_refused(people: Site) -> None:
    ident = post(people).json()["id"]
    assert post(people, user="bo@example.com").code == "unknown-field"
    assert patch(people, ident, channel=None).code == "unknown-field"
    assert seen(people, "admin") == [ident]


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"null"])
def test_what_is_no_object_is_no_rule(people: Site, body: bytes) -> None:
    assert 400 <= people.send("POST", PATH, body, who="ann").status < 500


def test_a_foreign_channel_is_no_channel_of_this_project(people: Site) -> None:
    reply = post(people, "admin", channel=str(relay("other").pk))
    assert (reply.status, reply.code) == (422, "invalid-subscription")
