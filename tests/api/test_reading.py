"""What every GET of the API does alike: ETags, chosen fields, and headers of a call that is about to go."""

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck.api.fields import answer_fields
from paritycheck.api.leaving import Leaving
from paritycheck.api.openapi import fields_of
from tests.api.test_access import MATRIX, ask, peopled, routes

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

__all__ = ["peopled"]
SHOP = "/api/v1/projects/shop"

# What is the same for everybody may be kept by anybody, for a while.
PUBLIC = {"badge-image": "public, max-age=60"}


def test_every_get_has_an_etag_and_knows_it_again(peopled: "Site") -> None:
    for (name, method), row in MATRIX.items():
        if method != "GET" or name == "schema" or row.status != 200:
            continue
        first = ask(peopled, row, method, "owner" if "owner" in row.callers else "gate", "own")
        assert first.status == 200, name
        assert first.headers["cache-control"] == PUBLIC.get(name, "private, no-cache"), name
        assert first.headers["vary"] == "Authorization", name
        assert first.headers["etag"].endswith('"'), name


def known(site: "Site", path: str, tag: str, method: str = "GET") -> "Reply":
    return site.send(method, path, who="admin", headers={"If-None-Match": tag})


def test_what_has_not_changed_is_304_without_a_body(site: "Site") -> None:
    tag = site.get(SHOP).headers["etag"]
    for said in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        reply = known(site, SHOP, said)
        assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", tag)
        assert reply.headers["cache-control"] == "private, no-cache"
    assert known(site, SHOP, tag, "HEAD").status == 304


def test_what_has_changed_is_told_anew(site: "Site") -> None:
    tag = site.get(f"{SHOP}/waivers").headers["etag"]
    waiver = b'{"match":"config/*","reason":"accepted","owner":"ann","until_change":true}'
    assert site.send("POST", f"{SHOP}/waivers", waiver, who="admin").status == 201
    reply = known(site, f"{SHOP}/waivers", tag)
    assert reply.status == 200
    assert reply.headers["etag"] != tag


def test_errors_and_writes_have_no_etag_and_are_not_kept(site: "Site") -> None:
    for reply in (site.get("/api/v1/projects/nothing"), known(site, "/api/v1/projects/nothing", "*")):
        assert (reply.status, reply.headers["cache-control"]) == (404, "no-store")
        assert "etag" not in reply.headers
    assert "etag" not in site.send("PUT", f"/api/v1/sections/{'0' * 64}", b"", media="application/x-ndjson").headers


def test_a_stranger_with_the_etag_learns_nothing(peopled: "Site") -> None:
    tag = peopled.get(SHOP).headers["etag"]
    reply = peopled.send("GET", SHOP, who="stranger", headers={"If-None-Match": tag})
    assert reply.status == 404


def test_fields_choose_members_of_an_object_and_of_rows(peopled: "Site") -> None:
    assert peopled.get(f"{SHOP}?fields=slug,url").json().keys() == {"slug", "url"}
    page = peopled.get(f"{SHOP}/drifts?fields=id,severity&state=all").json()
    assert page["next"] is None
    assert page["results"] == [{"id": "a" * 64, "severity": "warning"}]


def test_a_field_that_is_not_known_is_told_with_those_that_are(site: "Site") -> None:
    for said in ("secret", "", "id,", "id,secret", "id;severity", "ID"):
        reply = site.get(f"{SHOP}/drifts?fields={said}")
        assert (reply.status, reply.code) == (400, "bad-parameter"), said
        assert "also, changed_at, distance" in reply.json()["detail"]
        assert "secret" not in reply.json()["detail"]


def test_the_document_lists_the_fields_that_the_server_knows(site: "Site") -> None:
    document = site.get("/api/v1/schema", who=None).json()
    schemas = document["components"]["schemas"]
    for operation in (methods["get"] for methods in document["paths"].values() if "get" in methods):
        told = [each for each in operation.get("parameters", []) if each["name"] == "fields"]
        content = operation["responses"]["200"].get("content", {}).get("application/json")
        names = told[0]["schema"]["items"]["enum"] if told else []
        assert names == (fields_of(content["schema"], schemas) if content else [])
    views = {where: view for name, where, view in routes() if "get" in view.http_method_names and hasattr(view, "get")}
    drifts = next(view for where, view in views.items() if where.endswith("/drifts"))
    assert "waiver" in answer_fields(asked(drifts))


def asked(view: Any) -> Any:
    made = view()
    made.request, made.kwargs = None, {}
    return made


def test_a_call_that_is_about_to_go_says_since_when_until_when_and_what_instead(
    site: "Site", monkeypatch: pytest.MonkeyPatch
) -> None:
    from paritycheck.api.projects import ProjectView

    monkeypatch.setattr(ProjectView, "leaving", Leaving(date(2027, 1, 1), date(2027, 7, 1), "GET /api/v2/projects"))
    reply = site.get(SHOP)
    assert reply.headers["deprecation"] == "@1798761600"
    assert reply.headers["sunset"] == "Thu, 01 Jul 2027 00:00:00 GMT"
    assert 'rel="deprecation"' in reply.headers["link"]
    assert "deprecation" not in site.get(f"{SHOP}/drifts").headers
    told = site.get("/api/v1/schema", who=None).json()["paths"]["/api/v1/projects/{project}"]["get"]
    assert told["deprecated"] is True
    assert "Use GET /api/v2/projects instead." in told["description"]


def test_drifts_are_filtered(peopled: "Site") -> None:
    from paritycheck.models import Drift

    Drift.objects.filter(pk="a" * 64).update(owner="team-db")
    for query, count in (
        ("name=database", 1), ("name=data*", 1), ("name=d?tabase", 1), ("name=**", 1), ("name=data", 0),
        ("name=DATABASE", 0), ("name=[d]atabase", 0), ("name=.*", 0), ("name=%5E*%24%5C", 0), ("owner=team-db", 1),
        ("owner=team", 0), ("q=TEAM", 1), ("initial=1", 0), ("initial=0", 1), ("waived=1", 0),
        ("waived=0&state=all", 1),
        ("changed_since=2020-01-01T00:00:00Z", 1), ("changed_since=2090-01-01T00:00:00Z", 0),
    ):  # fmt: skip
        assert len(peopled.get(f"{SHOP}/drifts?{query}").json()["results"]) == count, query
    for query in ("initial=yes", "waived=2", "changed_since=today", "changed_since=", "name=" + "a" * 257):
        assert peopled.get(f"{SHOP}/drifts?{query}").code == "bad-parameter", query
