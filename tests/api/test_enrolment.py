"""Enrolment: a use for a token of one instance, nothing twice, renewed with an overlap, and ended as a whole."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from paritycheck_agent.wire.canonical import line

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

P = "/api/v1/projects/shop"
ENROLL, RENEW = "/api/v1/enroll", "/api/v1/enroll/renew"


def enrol_token(site: Site, **asked: Any) -> dict[str, Any]:
    said = {"kind": "enroll", "name": "new hosts", "environment": "staging", **asked}
    reply = site.post(said, who="admin", path=f"{P}/tokens")
    assert reply.status == 201, reply.body
    return dict(reply.json())


def enrol(site: Site, token: str, instance: str = "web-1", **said: Any) -> Reply:
    return site.post({"instance": instance, **said}, who=token, path=ENROLL)


def enrolled(site: Site, token: str, instance: str = "web-1") -> dict[str, Any]:
    reply = enrol(site, token, instance)
    assert reply.status == 201, reply.body
    return dict(reply.json())


def renew(site: Site, token: str) -> Reply:
    return site.post({}, who=token, path=RENEW)


def aged(ident: str, **ago: Any) -> None:
    """Move a token's life into the past."""
    from django.db.models import F

    from paritycheck.models import Token
    from paritycheck.services.tokens import forget_known

    by = timedelta(**ago)
    Token.objects.filter(pk=ident).update(created_at=F("created_at") - by, expires_at=F("expires_at") - by)
    forget_known()


def plain(reply: Reply) -> dict[str, Any]:
    """A problem without the id of its request."""
    return {name: value for name, value in reply.json().items() if name != "instance"}


def reporting(site: Site, token: str, instance: str) -> Reply:
    return site.post(site.report(instance={"id": instance, "kind": "host"}), who=token)


def test_one_use_gives_one_instance_a_token_that_reports_as_it_alone(site: Site) -> None:
    from paritycheck.models import Instance

    ticket = enrol_token(site)
    assert (ticket["kind"], ticket["uses"], ticket["used"], ticket["scopes"]) == ("enroll", 1, 0, ["enroll"])
    assert reporting(site, ticket["token"], "web-1").code == "forbidden"
    told = enrolled(site, ticket["token"])
    assert (told["project"], told["environment"], told["instance"]) == ("shop", "staging", "web-1")
    assert told["token"].startswith(f"pca_{told['id']}_")
    days = 86_400
    assert abs(told["expires_in"] - 180 * days) < 60
    assert abs(told["renew_in"] - 144 * days) < 60
    assert reporting(site, told["token"], "web-1").status == 202
    other = reporting(site, told["token"], "web-2")
    assert (other.status, other.json()["warnings"]) == (202, ["instance-ignored: the token decides"])
    assert list(Instance.objects.values_list("environment__slug", "key")) == [("staging", "web-1")]
    again = enrol(site, ticket["token"], "web-2")
    never = enrol(site, "pce_Ab3dEf6hIj9k_0123456789abcdefghijklmnopqrstuvABCDEF")
    assert again.code == "unauthenticated"
    assert plain(again) == plain(never)
    assert "reenroll" not in again.json()


def test_the_heartbeat_before_django_takes_no_other_instance(site: Site) -> None:
    """An unchanged report is answered by one UPDATE; that way is closed to somebody else's instance too."""
    from paritycheck.models import Instance

    told = enrolled(site, enrol_token(site)["token"])
    victim = {"id": "victim", "kind": "host"}
    first = site.report(instance=victim)
    shared = site.post({"kind": "report", "name": "all", "environment": "staging"}, who="admin", path=f"{P}/tokens")
    assert site.post(first, who=shared.json()["token"]).status == 202
    before = Instance.objects.get(key="victim").seq
    beat = {**site.report(instance=victim), "sections": first["sections"]}
    assert site.post(beat, who=told["token"]).json()["warnings"] == ["instance-ignored: the token decides"]
    assert Instance.objects.get(key="victim").seq == before


def test_a_token_of_another_project_is_unknown_and_spends_nothing(site: Site) -> None:
    ticket = enrol_token(site)
    assert enrol(site, ticket["token"], project="other").code == "unauthenticated"
    assert enrol(site, ticket["token"], project="shop").status == 201


def test_an_ended_or_revoked_token_enrols_nobody(site: Site) -> None:
    over, revoked = enrol_token(site, uses=5), enrol_token(site, uses=5)
    aged(over["id"], hours=1)
    assert site.send("DELETE", f"{P}/tokens/{revoked['id']}", who="admin").status == 204
    said = [plain(enrol(site, one["token"])) for one in (over, revoked)]
    assert said[0] == said[1]
    assert said[0]["code"] == "unauthenticated"


def test_an_instance_that_comes_again_within_a_minute_waits(site: Site) -> None:
    ticket = enrol_token(site, uses=3)
    first = enrolled(site, ticket["token"])
    refused = enrol(site, ticket["token"])
    assert (refused.status, refused.code) == (429, "rate-limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert enrol(site, ticket["token"], "web-2").status == 201, "another is not held up"
    aged(first["id"], seconds=61)
    assert enrol(site, ticket["token"]).status == 201
    assert enrol(site, ticket["token"], "web-3").code == "unauthenticated", "refused ones were not counted"


def test_ten_of_a_project_enrol_in_a_minute(site: Site) -> None:
    first, second = enrol_token(site, uses=20), enrol_token(site, uses=20, environment="production")
    made = [enrolled(site, (first, second)[at % 2]["token"], f"web-{at}") for at in range(10)]
    refused = enrol(site, second["token"], "web-10")
    assert (refused.status, refused.code) == (429, "rate-limited")
    assert refused.json()["retryable"] is True
    aged(made[0]["id"], seconds=61)
    assert enrol(site, second["token"], "web-10").status == 201


def test_a_token_is_renewed_and_the_old_one_goes_on_for_a_day(site: Site) -> None:
    from paritycheck.models import Token

    old = enrolled(site, enrol_token(site)["token"])
    assert renew(site, old["token"]).code == "forbidden", "too early"
    aged(old["id"], days=145)
    new = renew(site, old["token"])
    assert new.status == 201, new.body
    assert (new.json()["instance"], new.json()["environment"]) == ("web-1", "staging")
    assert renew(site, old["token"]).code == "rate-limited"
    for token in (old["token"], new.json()["token"]):
        assert reporting(site, token, "web-1").status == 202
    left = Token.objects.get(pk=old["id"]).expires_at
    assert left is not None
    assert timedelta(hours=23) < left - timezone.now() <= timedelta(hours=24)
    aged(old["id"], hours=24)
    gone = reporting(site, old["token"], "web-1")
    assert (gone.status, gone.json()["reenroll"]) == (401, True)
    assert reporting(site, new.json()["token"], "web-1").status == 202


def test_an_answer_that_was_lost_leaves_no_living_token(site: Site) -> None:
    old = enrolled(site, enrol_token(site)["token"])
    assert reporting(site, old["token"], "web-1").status == 202
    aged(old["id"], days=145)
    lost = renew(site, old["token"]).json()
    aged(lost["id"], minutes=2)
    kept = renew(site, old["token"]).json()
    assert reporting(site, lost["token"], "web-1").code == "unauthenticated"
    assert reporting(site, kept["token"], "web-1").status == 202


def test_revoking_one_ends_every_token_of_the_instance(site: Site) -> None:
    """Whoever stole one may have exchanged it."""
    ticket = enrol_token(site, uses=2)["token"]
    old, other = enrolled(site, ticket), enrolled(site, ticket, "web-2")
    aged(old["id"], days=100)
    new = renew(site, old["token"]).json()
    assert site.send("DELETE", f"{P}/tokens/{old['id']}", who="admin").status == 204
    for token in (old["token"], new["token"]):
        assert reporting(site, token, "web-1").code == "unauthenticated"
    assert reporting(site, other["token"], "web-2").status == 202


def test_an_environments_token_is_not_renewed(site: Site) -> None:
    assert renew(site, "production").code == "forbidden"


def test_every_step_is_in_the_log_and_no_secret(site: Site) -> None:
    ticket = enrol_token(site, uses=2, hours=3)
    old = enrolled(site, ticket["token"])
    aged(old["id"], days=145)
    new = renew(site, old["token"]).json()
    site.send("DELETE", f"{P}/tokens/{new['id']}", who="admin")
    log = site.get(f"{P}/audit?action=token&page_size=20").json()["results"][::-1]
    told = [(one["action"], one["target"], one["detail"]) for one in log[-5:]]
    olds, news = f"pca_{old['id']}", f"pca_{new['id']}"
    assert [one[:2] for one in told[:3]] == [
        ("token.issued", ticket["shown"]), ("token.enrolled", olds), ("token.renewed", news),
    ]  # fmt: skip
    assert {one[:2] for one in told[3:]} == {("token.revoked", olds), ("token.revoked", news)}
    assert told[0][2]["uses"] == 2
    assert (told[1][2]["instance"], told[1][2]["for"]) == ("web-1", ticket["shown"])
    assert (told[2][2]["instance"], told[2][2]["for"]) == ("web-1", olds)
    assert not any(secret in json.dumps(log) for secret in (ticket["token"], old["token"], new["token"]))


def test_networks_of_the_enrol_token_hold_for_the_instance(site: Site, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    ticket = enrol_token(site, **{"from": ["203.0.113.0/24"]})

    def sent(path: str, token: str, body: Any, address: str) -> Reply:
        return site.send("POST", path, line(body), who=token, headers={"X-Forwarded-For": address})

    assert sent(ENROLL, ticket["token"], {"instance": "web-1"}, "198.51.100.9").code == "address-refused"
    told = sent(ENROLL, ticket["token"], {"instance": "web-1"}, "203.0.113.7").json()
    report = site.report(instance={"id": "web-1", "kind": "host"})
    assert sent("/api/v1/reports", told["token"], report, "198.51.100.9").code == "address-refused"
    assert sent("/api/v1/reports", told["token"], report, "203.0.113.7").status == 202


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid-enrolment"),
        ({"instance": ""}, "invalid-enrolment"),
        ({"instance": 7}, "invalid-enrolment"),
        ({"instance": "x" * 257}, "too-long"),
        ({"instance": "a\u0000b"}, "control-character"),
        ({"instance": "a\nb"}, "invalid-enrolment"),
        ({"instance": "e\u0301"}, "not-canonical"),
        ({"instance": "ghp_" + "aB3" * 12}, "secret-suspected"),
        ({"instance": "web-1", "environment": "production"}, "unknown-field"),
    ],
)
def test_who_enrols_is_named_as_in_a_report(site: Site, body: Any, code: str) -> None:
    ticket = enrol_token(site)["token"]
    reply = site.send("POST", ENROLL, json.dumps(body).encode(), who=ticket)
    assert (reply.status, reply.code) == (422, code)
    assert enrol(site, ticket).status == 201, "nothing was spent"


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"hours": 25}, "/hours"),
        ({"hours": 0}, "/hours"),
        ({"uses": 0}, "/uses"),
        ({"uses": 1001}, "/uses"),
        ({"days": 1}, "/days"),
        ({"environment": "nowhere"}, "/environment"),
        ({"kind": "report", "uses": 2}, "/uses"),
        ({"kind": "report", "hours": 2}, "/hours"),
    ],
)
def test_what_an_enrol_token_cannot_be(site: Site, asked: dict[str, Any], pointer: str) -> None:
    said = {"kind": "enroll", "name": "x", "environment": "staging", **asked}
    reply = site.post(said, who="admin", path=f"{P}/tokens")
    assert (reply.status, reply.code) == (422, "invalid-token")
    assert reply.json()["errors"][0]["pointer"] == pointer


def test_a_command_makes_one_and_files_leave_what_instances_got(site: Site, capsys: Any) -> None:
    from django.core.management import call_command

    call_command(
        "enroll_token", "--project", "shop", "--environment", "staging", "--uses", "2", "--hours", "24", "--json"
    )
    made = json.loads(capsys.readouterr().out)
    assert (made["uses"], made["hours"]) == (2, 24)
    told = enrolled(site, made["token"])
    call_command("bootstrap", "--project", "shop", "--environment", "staging:staging", "--rotate", "--json")
    assert reporting(site, told["token"], "web-1").status == 202
    listed = {one["id"]: one for one in site.get(f"{P}/tokens").json()["results"]}
    assert listed[told["id"]]["instance"] == "web-1"
    assert (listed[made["token_id"]]["uses"], listed[made["token_id"]]["used"]) == (2, 1)
