"""Projects and environments made and changed through the API, by whom that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from paritycheck_agent.wire.canonical import line

if TYPE_CHECKING:
    from tests.api.installation import Site

P = "/api/v1/projects"


def test_a_project_is_made_from_nothing_until_its_first_report(site: Site) -> None:
    made = site.post({"slug": "till"}, who="admin", path=P)
    assert (made.status, made.json()["slug"], made.json()["baseline"]) == (201, "till", None)
    for slug, tier in (("review-1", None), ("live", "production"), ("old", "production")):
        asked = {"slug": slug, "kind": "ephemeral"} if tier is None else {"slug": slug, "tier": tier}
        made = site.post(asked, who="admin", path=f"{P}/till/environments")
        assert (made.status, made.json()["tier"], made.json()["baseline"]) == (201, tier or "other", slug == "live")
    assert site.get(f"{P}/till", who="admin").json()["baseline"] == "live"
    token = site.post(
        {"kind": "report", "environment": "live", "name": "host"}, who="admin", path=f"{P}/till/tokens"
    ).json()["token"]
    assert site.post(site.report(), who=token, path="/api/v1/reports").status == 202
    log = site.get(f"{P}/till/audit", who="admin").json()["results"]
    assert [(one["action"], one["target"]) for one in reversed(log)][:5] == [
        ("project.created", "till"),
        ("member.added", "admin@example.com"),
        ("environment.created", "review-1"),
        ("environment.created", "live"),
        ("baseline.chosen", "live"),
    ]


@pytest.mark.parametrize(
    ("asked", "path", "status", "code"),
    [
        ({"slug": "shop"}, P, 409, "name-taken"),
        ({"slug": "Not a slug"}, P, 400, "bad-parameter"),
        ({"name": "till"}, P, 422, "unknown-field"),
        ({}, P, 422, "bad-parameter"),
        ({"slug": "production"}, f"{P}/shop/environments", 409, "name-taken"),
        ({"slug": "x", "tier": "prod"}, f"{P}/shop/environments", 422, "bad-parameter"),
    ],
)
def test_what_cannot_be_made_is_said_and_is_not_there(
    site: Site, asked: dict[str, str], path: str, status: int, code: str
) -> None:
    before = site.get(path, who="admin").json()
    reply = site.post(asked, who="admin", path=path)
    assert (reply.status, reply.code) == (status, code)
    assert site.get(path, who="admin").json() == before


def test_what_an_environment_is_and_which_is_the_baseline_can_be_changed(site: Site) -> None:
    staging = f"{P}/shop/environments/staging"
    reply = site.send("PATCH", staging, line({"tier": "testing", "kind": "cohort"}), who="admin")
    assert (reply.status, reply.json()["tier"], reply.json()["kind"]) == (200, "testing", "cohort")
    assert site.send("PATCH", staging, line({"tier": "prod"}), who="admin").code == "bad-parameter"
    reply = site.send("PATCH", f"{P}/shop", line({"baseline": "staging"}), who="admin")
    assert (reply.status, reply.json()["baseline"]) == (200, "staging")
    assert site.send("PATCH", f"{P}/shop", line({"baseline": "nowhere"}), who="admin").code == "bad-parameter"
    log = site.get(f"{P}/shop/audit", who="admin").json()["results"]
    assert [(one["action"], one["target"], one["actor"]) for one in log[:2]] == [
        ("baseline.chosen", "staging", "admin@example.com"),
        ("environment.changed", "staging", "admin@example.com"),
    ]
