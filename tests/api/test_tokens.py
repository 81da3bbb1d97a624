"""Tokens: made, shown once, bound, ended; never more than their owner may."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from paritycheck_agent.wire.canonical import line

if TYPE_CHECKING:
    from tests.api.installation import Site

P = "/api/v1/projects/shop"
OWN = "/api/v1/tokens"


def made(site: Site, path: str, **asked: Any) -> dict[str, Any]:
    reply = site.post(asked, who="admin", path=path)
    assert reply.status == 201, reply.body
    return dict(reply.json())


def delete(site: Site, path: str, who: str = "admin") -> int:
    return site.send("DELETE", path, who=who).status


def test_a_report_token_reports_from_its_environment_and_ends_at_once(site: Site) -> None:
    token = made(site, f"{P}/tokens", kind="report", name="host  7", environment="staging")
    assert (token["name"], token["environment"], token["expires_at"]) == ("host 7", "staging", None)
    assert token["token"].startswith(token["shown"] + "_")
    assert site.post(site.report(), who=token["token"]).status == 202
    listed = site.get(f"{P}/tokens").json()["results"]
    assert listed[0]["id"] == token["id"]
    assert token["token"] not in json.dumps(listed)
    assert delete(site, f"{P}/tokens/{token['id']}") == 204
    assert site.post(site.report(), who=token["token"]).code == "unauthenticated"
    assert delete(site, f"{P}/tokens/{token['id']}") == 404
    log = site.get(f"{P}/audit?action=token&actor=admin%40example.com").json()["results"]
    assert [(one["action"], one["target"]) for one in log] == [
        ("token.revoked", token["shown"]),
        ("token.issued", token["shown"]),
    ]
    assert token["token"] not in json.dumps(log)


def test_a_gates_token_ends_after_ninety_days_at_most(site: Site) -> None:
    from paritycheck.models import Token
    from paritycheck.services.tokens import _known

    token = made(site, f"{P}/tokens", kind="gate", name="ci")
    row = Token.objects.get(pk=token["id"])
    assert row.expires_at is not None
    assert abs(row.expires_at - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)
    assert site.get(f"{P}/gate?environment=production", who=token["token"]).status == 200
    assert Token.objects.get(pk=token["id"]).last_used_at is not None
    Token.objects.filter(pk=token["id"]).update(expires_at=timezone.now())
    _known.forget()
    assert site.get(f"{P}/gate?environment=production", who=token["token"]).code == "unauthenticated"
    assert token["id"] not in {one["id"] for one in site.get(f"{P}/tokens").json()["results"]}


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"kind": "gate", "name": "x", "days": 91}, "/days"),
        ({"kind": "gate", "name": "x", "days": 0}, "/days"),
        ({"kind": "gate", "name": "x", "days": True}, "/days"),
        ({"kind": "gate", "name": "x", "environment": "staging"}, "/environment"),
        ({"kind": "report", "name": "x"}, "/environment"),
        ({"kind": "report", "name": "x", "environment": "nothing"}, "/environment"),
        ({"kind": "personal", "name": "x"}, "/kind"),
        ({"kind": "gate", "name": " \u0007"}, "/name"),
        ({"kind": "gate"}, "/name"),
        ([], ""),
    ],
)
def test_what_cannot_be_made(site: Site, asked: Any, pointer: str) -> None:
    reply = site.post(asked, who="admin", path=f"{P}/tokens")
    assert (reply.status, reply.code) == (422, "invalid-token")
    assert reply.json()["errors"][0]["pointer"] == pointer
    if asked:
        assert site.post({**asked, "scopes": ["admin"]}, who="admin", path=f"{P}/tokens").code == "unknown-field"


def test_a_personal_token_may_what_its_scopes_say_of_what_its_owner_may(site: Site) -> None:
    asks: dict[str, list[tuple[str, str, bytes | None]]] = {
        "read": [("GET", f"{P}/drifts", None), ("GET", OWN, None), ("GET", f"{P}/audit", None)],
        "write": [("PUT", f"{P}/policy", b'{"text":"[time]"}'), ("POST", f"{P}/subscriptions", b"{}")],
        "waive": [
            ("POST", f"{P}/waivers", line({"match": "config/*", "reason": "r", "owner": "o", "until_change": True}))
        ],
        "admin": [
            ("POST", f"{P}/tokens", b'{"kind":"gate","name":"x"}'),
            ("POST", f"{P}/members", b'{"email":"new@example.com"}'),
            ("POST", OWN, b'{"name":"x","scopes":["admin"],"days":1}'),
        ],
    }
    for scope in asks:
        token = made(site, OWN, name=scope, scopes=[scope], days=30)["token"]
        for needed, calls in asks.items():
            for method, path, body in calls:
                reply = site.send(method, path, body, who=token)
                assert (reply.status == 403) == (needed != scope), (scope, needed, path, reply.body)
                assert reply.status in {200, 201, 403}


def test_a_lowered_role_lowers_the_tokens_of_its_person_at_once(site: Site) -> None:
    from paritycheck.models import Project, User
    from paritycheck.services.members import join_project
    from paritycheck.services.tokens import issue_token

    bo = User.objects.create_user("bo@example.com")
    shop = Project.objects.get(slug="shop")
    token = issue_token(kind="u", user=bo)[1]
    seen = []
    for role in ("owner", "maintainer", "viewer"):
        join_project(project=shop, user=bo, role=role, now=timezone.now())
        asked = [("/members", {"email": f"{role}@example.com"}), ("/tokens", {"kind": "gate", "name": role})]
        seen.append([site.post(body, who=token, path=P + path).status for path, body in asked])
    shop.memberships.filter(user=bo).delete()
    seen.append([site.post({}, who=token, path=f"{P}/members").status])
    assert seen == [[201, 201], [403, 201], [403, 403], [404]]


def test_no_token_makes_one_that_may_more_than_itself(site: Site) -> None:
    weak = made(site, OWN, name="weak", scopes=["admin", "read"], days=5)
    assert weak["scopes"] == ["read", "admin"]
    for scopes, status in ((["waive"], 422), (["read", "write"], 422), (["read"], 201), ([], 422), (["root"], 422)):
        reply = site.post({"name": "x", "scopes": scopes, "days": 1}, who=weak["token"], path=OWN)
        assert reply.status == status, (scopes, reply.body)


def test_one_sees_and_ends_ones_own_alone(site: Site) -> None:
    from paritycheck.models import User
    from paritycheck.services.tokens import issue_token

    bo = User.objects.create_user("bo@example.com")
    token, text = issue_token(kind="u", user=bo)
    mine = made(site, OWN, name="laptop", scopes=["read"], days=366)
    assert [one["id"] for one in site.get(OWN, who=text).json()["results"]] == [token.pk]
    assert delete(site, f"{OWN}/{token.pk}") == delete(site, f"{OWN}/{mine['id']}", who=text) == 404
    assert delete(site, f"{P}/tokens/{mine['id']}") == 404
    assert delete(site, f"{OWN}/{mine['id']}") == 204
    assert site.get(OWN, who=mine["token"]).code == "unauthenticated"
    assert site.post({"name": "x", "scopes": ["read"], "days": 367}, who="admin", path=OWN).code == "invalid-token"


def test_a_token_is_refused_from_elsewhere_and_says_where_it_was_used(site: Site, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    office, cafe = "203.0.113.7", "198.51.100.9"

    def asked(token: dict[str, Any], address: str) -> Any:
        seen = {"X-Forwarded-For": f"203.0.113.1, {address}"}
        path = f"{P}/gate?environment=production"
        return site.send("GET", path, who=token["token"], headers=seen)

    def shown(token: dict[str, Any]) -> dict[str, Any]:
        return next(row for row in site.get(f"{P}/tokens").json()["results"] if row["id"] == token["id"])

    token = made(site, f"{P}/tokens", kind="gate", name="ci", **{"from": ["203.0.113.0/24", "2001:db8::1"]})
    assert (token["from"], token["last_used_from"], token["refused"]) == (
        ["203.0.113.0/24", "2001:db8::1/128"], None, 0,
    )  # fmt: skip
    assert asked(token, f"::ffff:{office}").status == 200
    assert shown(token)["last_used_from"] == office
    for _time in range(3):
        refused = asked(token, cafe)
        assert (refused.status, refused.code) == (403, "address-refused")
        assert not any(word in refused.body.decode() for word in (cafe, "203.0.113", token["id"]))
    told = shown(token)
    assert (told["refused"], told["refused_from"], told["last_used_from"]) == (3, cafe, office)
    log = site.get(f"{P}/audit?action=token.refused").json()["results"]
    assert [(one["target"], one["detail"]["from"]) for one in log] == [(token["shown"], cafe)]
    assert token["token"] not in json.dumps(log)

    def change(*networks: str) -> Any:
        body = line({"from": list(networks)})
        return site.send("PATCH", f"{P}/tokens/{token['id']}", body, who="admin")

    assert change(cafe).json()["from"] == [f"{cafe}/32"]
    assert asked(token, cafe).status == 200, "at once"
    assert asked(token, office).code == "address-refused"
    assert change("203.0.113.7/24").json()["errors"][0]["pointer"] == "/from"
    assert change("").code == "invalid-token", "what is empty is not everywhere"
    assert change(*(f"10.0.0.{at}" for at in range(17))).code == "invalid-token"
    assert change().json()["from"] == []
    assert asked(token, office).status == 200


def test_an_agent_elsewhere_is_refused_on_both_ways_in(site: Site) -> None:
    """A report that says nothing new is answered before Django; that way is closed as well."""
    token = made(site, f"{P}/tokens", kind="report", name="host", environment="staging")
    for _time in range(2):
        assert site.post(site.report(), who=token["token"]).status == 202
    places = line({"from": ["192.0.2.0/24"]})
    assert site.send("PATCH", f"{P}/tokens/{token['id']}", places, who="admin").status == 200
    assert site.post(site.report(), who=token["token"]).code == "address-refused"
