"""Waivers over HTTP: making, seeing beforehand, listing, ending; what is wrong is told by pointer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire.canonical import line

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

PATH = "/api/v1/projects/shop/waivers"
REASONED = {"reason": "upgrade planned, OPS-118", "owner": "maria@example.com"}
UNTIL = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()


def stripe(site: Site, environment: str, version: str) -> None:
    """An environment reports this version, and is evaluated as the worker would."""
    from paritycheck.models import Project
    from paritycheck.services.evaluate import evaluate_environment

    facts = [{"name": "pkg:pypi/stripe", "value": version, "scope": "direct", "sources": ["uv.lock:40"]}]
    entry = site.section("dependencies", facts, ["pkg:pypi/"], who=environment)
    site.told(who=environment, dependencies=entry)
    found = Project.objects.get(slug="shop").environments.get(slug=environment)
    evaluate_environment(environment_id=found.pk, now=datetime.now(UTC))


@pytest.fixture
def drifting(site: Site) -> Site:
    stripe(site, "production", "13.2.0")
    stripe(site, "staging", "14.0.1")
    return site


def post(site: Site, path: str = PATH, who: str = "admin", **said: Any) -> Reply:
    return site.send("POST", path, line({**REASONED, **said}), who=who)


def drifts(site: Site, state: str) -> list[dict[str, Any]]:
    return list(site.get(f"/api/v1/projects/shop/drifts?state={state}").json()["results"])


def test_waive_look_and_end(drifting: Site) -> None:
    drift = drifts(drifting, "open")[0]
    made = post(drifting, drift=drift["id"][:10], until=UNTIL)
    assert made.status == 201, made.body
    told = made.json()
    assert (told["source"], told["owner"], told["made_by"], told["covers"]) == (
        "person", "maria@example.com", "admin@example.com", 1,
    )  # fmt: skip
    assert (told["ending"], told["unused"]) == (True, False)
    waived = drifts(drifting, "waived")[0]
    assert (waived["waiver"]["id"], waived["waiver"]["reason"]) == (told["id"], "upgrade planned, OPS-118")
    assert drifts(drifting, "open") == []
    assert drifting.get(f"{PATH}?ending=1").json()["results"] == [told]
    assert drifting.get(f"{PATH}?unused=1").json()["results"] == []

    ended = drifting.send("DELETE", f"{PATH}/{told['id']}", who="admin")
    assert (ended.status, ended.json()["ended_why"], ended.json()["ended_by"]) == (200, "hand", "admin@example.com")
    assert drifts(drifting, "open")[0]["waiver"] is None
    assert drifting.get(PATH).json()["results"] == []
    assert drifting.get(f"{PATH}/{told['id']}").json()["ended_at"]
    events = drifting.get(f"/api/v1/projects/shop/drifts/{drift['id']}").json()["events"]
    assert [(step["kind"], step["actor"], step["why"]) for step in events] == [
        ("unwaived", "admin@example.com", "hand"),
        ("waived", "admin@example.com", "upgrade planned, OPS-118"),
        ("opened", None, None),
    ]


def test_what_ends_within_so_many_days_stands_nearest_first(drifting: Site) -> None:
    for days in (9, 2, 30):
        until = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        assert post(drifting, match=f"config/IN_{days}", until=until).status == 201
    assert post(drifting, match="config/SOME_TIME", until_change=True).status == 201

    def listed(query: str) -> list[str]:
        return [one["match"] for one in drifting.get(f"{PATH}?{query}").json()["results"]]

    assert listed("within=3") == ["config/IN_2"]
    assert listed("within=10") == ["config/IN_2", "config/IN_9"]
    assert listed("within=10&unused=1&source=person") == ["config/IN_2", "config/IN_9"]
    assert listed("within=9999&source=policy") == []
    assert listed("ending=1") == ["config/IN_9", "config/IN_2"], "14 days, in the order in which they were made"
    for query in ("", "within=10"):
        whole, address = listed(query), f"{PATH}?page_size=1&{query}"
        pages = []
        while address:
            page = drifting.get(address).json()
            pages += [one["match"] for one in page["results"]]
            address = str(page["next"] or "").removeprefix("http://127.0.0.1:8000")
        assert pages == whole
        assert len(whole) >= 2
    for wrong in ("0", "-1", "10000", "two", ""):
        refused = drifting.get(f"{PATH}?within={wrong}")
        assert (refused.status, refused.json()["code"]) == (400, "bad-parameter")


def test_a_preview_says_what_would_be_hidden_and_keeps_nothing(drifting: Site) -> None:
    said = {"match": "dependencies/*:version", "pair": "staging..production", "until": UNTIL}
    told = post(drifting, f"{PATH}/preview", **said).json()
    assert (told["hides"], [one["name"] for one in told["drifts"]]) == (1, ["pkg:pypi/stripe"])
    assert told["note"] == "A change of kind or a disappearance still shows."
    assert post(drifting, f"{PATH}/preview", **{**said, "match": "config/*"}).json()["hides"] == 0
    assert len(drifts(drifting, "open")) == 1
    assert drifting.get(PATH).json()["results"] == []


def test_one_call_accepts_all_of_today(drifting: Site) -> None:
    stripe(drifting, "old", "15.0.0")
    assert len(drifts(drifting, "open")) == 2
    assert post(drifting, f"{PATH}/preview", ratchet=True).json()["hides"] == 2
    told = post(drifting, ratchet=True, pair="staging..production").json()
    assert (told["covers"], told["ratchet"], told["until_converged"]) == (1, True, True)
    assert [one["pair"] for one in drifts(drifting, "open")] == ["old..production"]
    assert post(drifting, ratchet=True).json()["covers"] == 1
    assert post(drifting, ratchet=True).code == "invalid-waiver", "nothing is open any more"


def test_several_drifts_in_one_call(drifting: Site) -> None:
    stripe(drifting, "old", "15.0.0")
    idents = [one["id"] for one in drifts(drifting, "open")]
    assert post(drifting, drifts=idents, until_change=True).json()["covers"] == 2
    assert post(drifting, drifts=[*idents, "c" * 64], until_change=True).code == "invalid-waiver"


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"match": "services/*"}, "/until"),
        ({"until": UNTIL}, "/match"),
        ({"match": "services/*", "until": UNTIL, "reason": ""}, "/reason"),
        ({"match": "services/*", "until": UNTIL, "owner": None}, "/owner"),
        ({"match": "services/*", "until": UNTIL, "pair": "staging..nowhere"}, "/pair"),
        ({"match": "services/*", "until": UNTIL, "severity": "canary-7Qx3fL9zWm2"}, ""),
        ({"match": ["services"], "until": UNTIL}, "/match"),
        ({"drift": "f" * 64, "until": UNTIL}, "/drifts"),
    ],
)
def test_what_is_wrong_is_told_by_pointer(drifting: Site, said: dict[str, Any], pointer: str) -> None:
    for path in (PATH, f"{PATH}/preview"):
        reply = post(drifting, path, **said)
        assert (reply.status, reply.code) == (422, "invalid-waiver")
        assert pointer in {place["pointer"] for place in reply.json()["errors"]}
    assert drifting.get(PATH).json()["results"] == []


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"null"])
def test_what_is_no_object_is_no_waiver(drifting: Site, body: bytes) -> None:
    assert 400 <= drifting.send("POST", PATH, body, who="admin").status < 500


def test_a_foreign_drift_is_no_drift_of_this_project(drifting: Site) -> None:
    drift = drifts(drifting, "open")[0]["id"]
    reply = post(drifting, "/api/v1/projects/other/waivers", drift=drift, until=UNTIL)
    assert (reply.status, reply.code) == (422, "invalid-waiver")
    assert drifts(drifting, "open")


def test_waiving_needs_its_scope(drifting: Site) -> None:
    from paritycheck.models import User
    from paritycheck.services.tokens import issue_token

    weak = issue_token(kind="u", user=User.objects.get(email="admin@example.com"), scopes=["read", "write"])[1]
    assert post(drifting, who=weak, ratchet=True).code == "forbidden"
    assert drifting.get(PATH, who=weak).status == 200
